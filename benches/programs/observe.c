/* observe REPORT PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM under ptrace and writes to REPORT what it did:
 *
 *   peak_rss_kb N         the most memory that was resident at once
 *   peak_anonymous_kb N   the most of it that no file backs
 *   processes N           processes started by it, and programs that it became
 *   threads N             threads started by it
 *   syscalls N            system calls, of all threads and children
 *
 * and exits as PROGRAM did. The peaks are exact: resident memory grows by page
 * faults, but shrinks in system calls only, so reading /proc/PID/smaps_rollup
 * before each of them misses nothing. ru_maxrss would count the memory of
 * whoever starts PROGRAM, and VmHWM is a sum of per-CPU counters that lag
 * behind by up to 32 pages each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    long peak_rss_kb, peak_anonymous_kb, processes, threads, syscalls;
} seen;

static void fail(const char *what)
{
    fprintf(stderr, "observe: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void keep_greater(long *peak, const char *text, const char *name)
{
    const char *at = strstr(text, name);
    long value = at ? atol(at + strlen(name)) : 0;
    if (value > *peak)
        *peak = value;
}

static void read_memory(pid_t program)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", program);
    int file = open(path, O_RDONLY);
    if (file < 0)
        return;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return;
    text[length] = 0;
    keep_greater(&seen.peak_rss_kb, text, "\nRss:");
    keep_greater(&seen.peak_anonymous_kb, text, "\nAnonymous:");
}

static void count_start(pid_t program, pid_t parent)
{
    char path[64];
    unsigned long started = 0;
    if (ptrace(PTRACE_GETEVENTMSG, parent, 0, &started) < 0)
        return;
    snprintf(path, sizeof path, "/proc/%d/task/%lu", program, started);
    if (access(path, F_OK) == 0)
        seen.threads++;
    else
        seen.processes++;
}

static int is_entry(pid_t pid)
{
    struct __ptrace_syscall_info info;
    long got = ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info);
    return got > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* What to do with one stop; returns the signal to pass on, or 0. */
static int stopped(pid_t program, pid_t pid, int status)
{
    int signal = WSTOPSIG(status);
    switch (status >> 16) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        count_start(program, pid);
        return 0;
    case PTRACE_EVENT_EXEC:
        seen.processes++;
        return 0;
    }
    if (signal == (SIGTRAP | 0x80)) {
        if (is_entry(pid)) {
            seen.syscalls++;
            read_memory(program);
        }
        return 0;
    }
    /* A new thread or child starts with a SIGSTOP that is ptrace's own. */
    return signal == SIGSTOP ? 0 : signal;
}

static pid_t start(char **argv)
{
    pid_t program = fork();
    if (program < 0)
        fail("fork");
    if (program == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
            fail("ptrace");
        raise(SIGSTOP);
        execv(argv[0], argv);
        fail(argv[0]);
    }
    return program;
}

/* Up to the moment at which PROGRAM is what runs, and nothing else. */
static void until_exec(pid_t program)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                         PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    int status;
    if (waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status))
        fail("ptrace is not allowed here");
    if (ptrace(PTRACE_SETOPTIONS, program, 0, options) < 0)
        fail("ptrace");
    ptrace(PTRACE_CONT, program, 0, 0);
    if (waitpid(program, &status, 0) < 0 || status >> 16 != PTRACE_EVENT_EXEC)
        exit(125);
    ptrace(PTRACE_SYSCALL, program, 0, 0);
}

static int follow(pid_t program)
{
    int status, code = 125;
    pid_t pid;
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFSTOPPED(status))
            ptrace(PTRACE_SYSCALL, pid, 0, (long)stopped(program, pid, status));
        else if (pid == program)
            code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "observe REPORT PROGRAM [ARGUMENT...]\n");
        return 125;
    }
    pid_t program = start(argv + 2);
    until_exec(program);
    int code = follow(program);
    FILE *report = fopen(argv[1], "w");
    if (!report)
        fail(argv[1]);
    fprintf(report, "peak_rss_kb %ld\npeak_anonymous_kb %ld\nprocesses %ld\nthreads %ld\nsyscalls %ld\n",
            seen.peak_rss_kb, seen.peak_anonymous_kb, seen.processes, seen.threads, seen.syscalls);
    return fclose(report) == 0 ? code : 125;
}
