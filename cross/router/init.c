// The first and only process of the emulated router: it sets the machine up,
// runs wansync as its owner, its hotplug scripts and its procd would, and says on
// the serial console what came of it, one `= NAME VALUE` a line. cross/router/run
// boots it and judges what it says; nothing is judged here.
//
// It is a program of its own, not a script, because Debian has no busybox for
// big-endian MIPS: the same steps run on every machine.
#define _GNU_SOURCE // ppoll
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WANSYNC "/usr/bin/wansync"
#define WAN "eth1"
#define OUTPUT "/run/output"

// How long one run may take, in milliseconds: a hang is told from slowness.
enum { PATIENCE = 90000 };
enum { IDLE_PASSES = 20, FORCED_PASSES = 3 };

static void set_up(void);
static void story(void);
static void story_without_clock(void);
static void story_without_entropy(void);

// The kernel hands words of its command line that it does not know to init, as
// environment: STORY, and NOW, the seconds since 1970.
int main(void) {
    const char *name = getenv("STORY");
    set_up();
    if (name && !strcmp(name, "clock"))
        story_without_clock();
    else if (name && !strcmp(name, "entropy"))
        story_without_entropy();
    else
        story();
    puts("= end reached");
    fflush(stdout);
    sync();
    reboot(RB_AUTOBOOT); // the emulator ends at a reboot
    for (;;)
        pause();
}

// What is said.

static void say(const char *name, const char *what, const char *format, ...) {
    va_list values;
    va_start(values, format);
    printf("= %s.%s ", name, what);
    vprintf(format, values);
    printf("\n");
    fflush(stdout);
    va_end(values);
}

static void check(int result, const char *what) {
    if (result < 0) {
        printf("= error %s: %s\n", what, strerror(errno));
        fflush(stdout);
    }
}

static long now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

// The machine.

static void load_modules(void);
static void interface(const char *name, const char *address, const char *mask);
static void on_child(int signal);
static void children_interrupt(int how);
static int log_socket = -1;

static void set_up(void) {
    mkdir("/proc", 0755);
    mkdir("/sys", 0755);
    check(mount("proc", "/proc", "proc", 0, NULL), "mount /proc");
    check(mount("sysfs", "/sys", "sysfs", 0, NULL), "mount /sys");
    mkdir("/dev", 0755);
    check(mount("dev", "/dev", "devtmpfs", 0, NULL), "mount /dev");
    // The console was opened, if at all, before there was a /dev.
    int console = open("/dev/console", O_RDWR);
    check(console, "open /dev/console");
    for (int fd = 0; fd < 3 && console >= 0; fd++)
        dup2(console, fd);
    for (int made = 0; made < 3; made++)
        mkdir((const char *[]){"/run", "/var", "/tmp"}[made], 0755);
    check(mount("run", "/run", "tmpfs", 0, NULL), "mount /run");
    check(symlink("/run", "/var/run"), "link /var/run");

    signal(SIGCHLD, on_child);
    children_interrupt(SIG_BLOCK);
    struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(bind(log_socket, (struct sockaddr *)&log, sizeof log), "bind /dev/log");

    load_modules();
    interface("lo", "127.0.0.1", "255.0.0.0");
    interface("eth0", "10.0.2.15", "255.255.255.0");
    printf("= kernel.ipv6 %s\n", access("/proc/net/if_inet6", F_OK) ? "no" : "yes");
    printf("= kernel.clock %ld\n", (long)time(NULL));
}

static void on_child(int signal) { (void)signal; }

// In the order of their names: /modules/01-mii.ko.
static void load_modules(void) {
    struct dirent **entries;
    int count = scandir("/modules", &entries, NULL, alphasort);
    for (int at = 0; at < count; at++) {
        char path[300];
        if (entries[at]->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/modules/%s", entries[at]->d_name);
        int module = open(path, O_RDONLY | O_CLOEXEC);
        check(syscall(SYS_finit_module, module, "", 0), path);
        close(module);
    }
}

static struct sockaddr address_of(const char *text) {
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr generic;
    inet_pton(AF_INET, text, &in.sin_addr);
    memcpy(&generic, &in, sizeof generic);
    return generic;
}

// Another address takes the place of the one before in one step, as when DHCP
// renews with a new one.
static void interface(const char *name, const char *address, const char *mask) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
    request.ifr_addr = address_of(address);
    check(ioctl(fd, SIOCSIFADDR, &request), name);
    request.ifr_netmask = address_of(mask);
    check(ioctl(fd, SIOCSIFNETMASK, &request), name);
    check(ioctl(fd, SIOCGIFFLAGS, &request), name);
    request.ifr_flags |= IFF_UP;
    check(ioctl(fd, SIOCSIFFLAGS, &request), name);
    close(fd);
}

static void wan_has(const char *address) { interface(WAN, address, "255.255.255.0"); }

// The log: the router's logd is this program.

static char wanted[64];
static int found;

static void read_log(void) {
    char line[2048];
    ssize_t length;
    while ((length = recv(log_socket, line, sizeof line - 1, 0)) > 0) {
        line[length] = 0;
        printf("log: %s\n", line);
        fflush(stdout);
        if (*wanted && strstr(line, wanted))
            found = 1;
    }
}

static void children_interrupt(int how) {
    sigset_t ended;
    sigemptyset(&ended);
    sigaddset(&ended, SIGCHLD);
    sigprocmask(how, &ended, NULL);
}

// Sleeps until something is logged, a child ends, or it is `until`. The end of a
// child is held back except in here, so that none is missed.
static void doze(long until) {
    struct pollfd log = {.fd = log_socket, .events = POLLIN};
    long left = until - now_us();
    struct timespec timeout = {.tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000};
    sigset_t none;
    sigemptyset(&none);
    if (left > 0)
        ppoll(&log, 1, &timeout, &none);
    read_log();
}

static void listen_for(const char *text) {
    read_log();
    snprintf(wanted, sizeof wanted, "%s", text);
    found = 0;
}

// After how many milliseconds since then it was logged, or -1.
static long logged_after(long since) {
    while (!found && now_us() < since + PATIENCE * 1000L)
        doze(since + PATIENCE * 1000L);
    *wanted = 0;
    return found ? (now_us() - since) / 1000 : -1;
}

// Programs.

struct run {
    int code;        // of exit; 128 and more for a signal, -1 if it had to be killed
    long us, cpu_us; // of it and of what it ran
    long peak_kb;    // of the largest process among them
};

static int is_starving;
static void starve(void);

static pid_t start(char *const arguments[]) {
    pid_t child = fork();
    if (child)
        return child;
    children_interrupt(SIG_UNBLOCK);
    if (is_starving)
        starve();
    int output = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(output, 1);
    dup2(output, 2);
    execv(arguments[0], arguments);
    _exit(127);
}

// From here on this process is on a kernel that never gets random numbers: who
// asks for some without waiting is told to come again, who waits, waits for ever.
// Numbers that need not be good, which std takes for its tables, are to be had.
static void starve(void) {
    int low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 5),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2]) + low),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, GRND_NONBLOCK, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {.len = sizeof steps / sizeof *steps, .filter = steps};
    check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
    int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    check(listener, "seccomp");
    // Nobody reads what is asked there, but somebody could as long as it is open.
    fcntl(listener, F_SETFD, 0);
}

static long us(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

static struct run finished(pid_t child, long began) {
    struct rusage usage = {0};
    int status = 0, killed = 0;
    while (wait4(child, &status, WNOHANG, &usage) == 0) {
        if (now_us() > began + PATIENCE * 1000L && !killed) {
            killed = 1;
            kill(child, SIGKILL);
        }
        doze(began + PATIENCE * 1000L + killed * 1000000L);
    }
    struct run run = {
        .code = killed ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
        .us = now_us() - began,
        .cpu_us = us(usage.ru_utime) + us(usage.ru_stime),
        .peak_kb = usage.ru_maxrss,
    };
    read_log();
    return run;
}

static struct run run(char *const arguments[]) {
    long began = now_us();
    return finished(start(arguments), began);
}

static void report(const char *name, struct run run) {
    char output[1024] = "";
    int fd = open(OUTPUT, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, output, sizeof output - 1);
    close(fd);
    output[length > 0 ? length : 0] = 0;
    for (char *at = output; (at = strchr(at, '\n'));)
        *at = at[1] ? '|' : 0;
    say(name, "said", "%s", output);
    say(name, "exit", "%d", run.code);
    say(name, "ms", "%ld", run.us / 1000);
    say(name, "cpu_ms", "%ld", run.cpu_us / 1000);
    say(name, "peak_kb", "%ld", run.peak_kb);
}

static void once(const char *name, char *flag) {
    report(name, run((char *[]){WANSYNC, "once", flag, NULL}));
}

static void several(const char *name, int count, char *flag) {
    long sum = 0, least = 0, cpu = 0, peak = 0;
    int code = 0;
    for (int number = 0; number < count; number++) {
        struct run one = run((char *[]){WANSYNC, "once", flag, NULL});
        sum += one.us;
        cpu += one.cpu_us;
        least = !least || one.us < least ? one.us : least;
        peak = one.peak_kb > peak ? one.peak_kb : peak;
        code = one.code ? one.code : code;
    }
    say(name, "exit", "%d", code);
    say(name, "passes", "%d", count);
    say(name, "mean_us", "%ld", sum / count);
    say(name, "least_us", "%ld", least);
    say(name, "cpu_us", "%ld", cpu / count);
    say(name, "peak_kb", "%ld", peak);
}

// What /proc/PID/status says of it, in KB.
static long memory(pid_t process, const char *field) {
    char path[40], line[200];
    long value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, field, strlen(field)))
            sscanf(line + strlen(field), ": %ld", &value);
    if (status)
        fclose(status);
    return value;
}

// The stories.

static void daemon_story(void) {
    wan_has("9.9.9.9");
    listen_for("confirmed: 9.9.9.9");
    long began = now_us();
    pid_t daemon = start((char *[]){WANSYNC, "daemon", NULL});
    say("daemon", "start_ms", "%ld", logged_after(began));

    for (long until = now_us() + 5000000; now_us() < until;)
        doze(until);
    listen_for("confirmed: 1.1.1.1");
    began = now_us();
    wan_has("1.1.1.1");
    say("daemon", "change_ms", "%ld", logged_after(began));

    for (long until = now_us() + 3000000; now_us() < until;)
        doze(until);
    say("daemon", "idle_kb", "%ld", memory(daemon, "VmRSS"));
    say("daemon", "anon_kb", "%ld", memory(daemon, "RssAnon"));
    say("daemon", "own_peak_kb", "%ld", memory(daemon, "VmHWM"));

    began = now_us();
    kill(daemon, SIGTERM);
    report("daemon", finished(daemon, began));
}

static void story(void) {
    wan_has("8.8.4.4");
    once("update", NULL);
    several("idle", IDLE_PASSES, NULL);
    wan_has("8.8.8.8");
    once("change", NULL);
    several("forced", FORCED_PASSES, "--force");
    daemon_story();
    report("status", run((char *[]){WANSYNC, "status", NULL}));
}

// A router has no battery: it boots in the past, until NTP answers.
static void story_without_clock(void) {
    wan_has("8.8.4.4");
    once("early", NULL);
    const char *text = getenv("NOW");
    struct timeval now = {.tv_sec = text ? atoll(text) : 0};
    check(settimeofday(&now, NULL), "set the clock");
    listen_for("confirmed: 8.8.4.4");
    long began = now_us();
    setenv("ACTION", "step", 1);
    report("event", run((char *[]){WANSYNC, "event", NULL}));
    unsetenv("ACTION");
    say("event", "confirmed_ms", "%ld", logged_after(began));
}

static const char *entropy(void) {
    char byte;
    return getrandom(&byte, 1, GRND_NONBLOCK) == 1 ? "ready" : "waits";
}

// Nothing on this machine has asked for random numbers before, and the kernel
// was told to trust no source of its own.
static void story_without_entropy(void) {
    wan_has("8.8.4.4");
    say("kernel", "entropy", "%s", entropy());
    once("update", NULL);
    say("kernel", "entropy_after", "%s", entropy());

    wan_has("8.8.8.8");
    is_starving = 1;
    once("starved", NULL);
    is_starving = 0;
    once("fed", "--force");
}
