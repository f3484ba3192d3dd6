/* One line in the log for a fault of the program. Builds for routers leave out the
   text of each panic, and all that would put it together: a panic is a trap, which
   ends the program without a word. So this says where it was, or that memory ran out; cross/README.md tells
   how to find the line of the source. A stack that overflows is told of as well, if
   it is the main thread's: here the library, too, leaves out what would say so. */

#define _GNU_SOURCE /* registers by name */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

/* How long logd may take to take the line, as in src/sys/log.rs. */
#define PATIENCE_MS 500

typedef unsigned long word;

/* With a zero behind it as long as it was empty at first. */
struct text { unsigned length; char bytes[256]; };

static void say(struct text *text, const char *more) {
    while (*more && text->length < sizeof text->bytes - 1) text->bytes[text->length++] = *more++;
}

/* In the base given, with zeros in front up to a width of at most 16. */
static void say_number(struct text *text, word number, unsigned base, int width) {
    char digits[24];
    char *digit = digits + sizeof digits;
    *--digit = 0;
    do *--digit = "0123456789abcdef"[number % base];
    while (width--, number /= base);
    while (width-- > 0) *--digit = '0';
    say(text, digit);
}

/* `Mmm dd hh:mm:ss `: src/sys/log.rs says why it must be there. By hand, since
   gmtime is 1 KB: the days are right up to 2100. */
static void say_time(struct text *text) {
    static const char months[] = "Jan\0Feb\0Mar\0Apr\0May\0Jun\0Jul\0Aug\0Sep\0Oct\0Nov\0Dec";
    static const char lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    unsigned now = time(0), day = now / 86400 % 1461, second = now % 86400;
    /* Four years from 1970 on, of which the third is a leap year. */
    unsigned leap = 0, month = 0;
    for (unsigned year = 0; day >= 365 + (year == 2); year++) {
        day -= 365 + (year == 2);
        leap = year == 1;
    }
    while (day >= lengths[month] + (month == 1 && leap)) {
        day -= lengths[month] + (month == 1 && leap);
        month++;
    }
    say(text, months + 4 * month);
    say(text, day < 9 ? "  " : " ");
    say_number(text, day + 1, 10, 1);
    for (int unit = 3600; unit; unit /= 60) {
        say(text, unit == 3600 ? " " : ":");
        say_number(text, second / unit % 60, 10, 2);
    }
    say(text, " ");
}

static word place(const ucontext_t *context) {
#if defined __x86_64__
    return context->uc_mcontext.gregs[REG_RIP];
#elif defined __mips__ || defined __aarch64__
    return context->uc_mcontext.pc;
#elif defined __arm__
    return context->uc_mcontext.arm_pc;
#elif defined __riscv
    return context->uc_mcontext.__gregs[REG_PC];
#else
#error "where is the program counter?"
#endif
}

/* False if there is no log, or none that takes the line. */
static int send_to_log(const struct text *line) {
    struct sockaddr_un log = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&log, sizeof log)) return 0;
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    poll(&ready, 1, PATIENCE_MS);
    return send(fd, line->bytes, line->length, MSG_NOSIGNAL) >= 0;
}

/* Only what may be called from a signal handler: no allocation, no stdio, no lock. */
static void report(int signal, siginfo_t *info, void *context) {
    struct text message = { 0 };
    /* What is asked for memory, or for random numbers, in vain panics at once, by a
       trap: nothing has called the library since. */
    if (errno == ENOMEM && (signal == SIGILL || signal == SIGTRAP || signal == SIGABRT)) {
        say(&message, "out of memory: this process ends, and what it was to do is tried again");
    } else {
        say(&message, "this is a fault of wansync itself, at 0x");
        say_number(&message, place(context), 16, 8);
        say(&message, " of wansync " VERSION " " TARGET ": please report it");
    }

    struct text line = { 0 };
    say(&line, "<27>"); /* daemon, error */
    say_time(&line);
    say(&line, "wansync");
    /* In a jail the number says nothing. */
    if (getpid() != 1) {
        say(&line, "[");
        say_number(&line, getpid(), 10, 1);
        say(&line, "]");
    }
    say(&line, ": ");
    say(&line, message.bytes);
    if (!send_to_log(&line) || isatty(2)) {
        /* In one piece, since others may write to the same stderr. */
        line.length = 0;
        say(&line, "wansync: error: ");
        say(&line, message.bytes);
        say(&line, "\n");
        write(2, line.bytes, line.length);
    }
    /* The handler is gone by now; nothing may hold the signal back. */
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, signal);
    sigprocmask(SIG_UNBLOCK, &mine, 0);
    raise(signal);
    _exit(128 + signal);
}

__attribute__((constructor)) static void watch(void) {
    static const char signals[] = { SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS };
    static char room[16384];
    stack_t stack = { .ss_sp = room, .ss_size = sizeof room };
    sigaltstack(&stack, 0);
    struct sigaction action = { 0 };
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK;
    for (unsigned i = 0; i < sizeof signals; i++) sigaction(signals[i], &action, 0);
}
