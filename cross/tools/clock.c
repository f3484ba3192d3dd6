/* Moves the wall clock of a program, as libfaketime does. That one is of glibc, which
   a program of musl cannot load; this one refers to what both have. Of what FAKETIME
   may say it knows what the tests do: `@2020-01-01 00:00:00`, a time in UTC for the
   program to start at, and `+SECONDS`; FAKETIME_TIMESTAMP_FILE names a file that
   says so whenever it is asked.

     cc -shared -fPIC -nostdlib -fno-stack-protector -o clock.so cross/tools/clock.c */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct timespec started;

static int really(clockid_t clock, struct timespec *now) {
    return syscall(SYS_clock_gettime, clock, now);
}

__attribute__((constructor)) static void start(void) { really(CLOCK_REALTIME, &started); }

/* Reads digits, and what stands between them and the next. */
static long number(const char **text) {
    long value = 0;
    while (**text >= '0' && **text <= '9') value = 10 * value + *(*text)++ - '0';
    while (**text && (**text < '0' || **text > '9')) ++*text;
    return value;
}

/* Days since 1970 of a date of the Gregorian calendar: years that begin in March
   have their day of leap last. */
static long days(long year, long month, long day) {
    if (month < 3) year--, month += 12;
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month - 457) / 5 + day - 719469;
}

static long seconds_ahead(const char *said) {
    if (*said == '+') return said++, number(&said);
    if (*said++ != '@') return 0;
    long year = number(&said), month = number(&said), day = number(&said);
    long hour = number(&said), minute = number(&said), second = number(&said);
    return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - started.tv_sec;
}

static long ahead(void) {
    const char *file = getenv("FAKETIME_TIMESTAMP_FILE"), *said = getenv("FAKETIME");
    char text[64];
    if (file) {
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        long length = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        if (fd >= 0) close(fd);
        text[length > 0 ? length : 0] = 0;
        said = text;
    }
    return said ? seconds_ahead(said) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = really(clock, now);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec time;
    int failed = clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *now) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (now) *now = time.tv_sec;
    return time.tv_sec;
}
