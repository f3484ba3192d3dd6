/* What the library refers to and a router has no use for. In the place of
   libunwind, and before musl, whose own would bring 15 KB of printf. */

#include <sys/syscall.h>

typedef unsigned long word;

/* The library's panic message can hold a backtrace, so it refers to the unwinder
   (40 KB). But nothing here unwinds, and there are no tables to find a caller
   by: a trace is empty whatever walks it. */
int _Unwind_Backtrace(int (*trace)(void *, void *), void *argument) { return 5; /* end of stack */ }
word _Unwind_GetIP(void *context) { return 0; }
word _Unwind_GetIPInfo(void *context, int *before) { *before = 0; return 0; }
word _Unwind_GetCFA(void *context) { return 0; }
word _Unwind_GetLanguageSpecificData(void *context) { return 0; }
word _Unwind_GetRegionStart(void *context) { return 0; }
word _Unwind_GetTextRelBase(void *context) { return 0; }
word _Unwind_GetDataRelBase(void *context) { return 0; }
void _Unwind_SetGR(void *context, int index, word value) {}
void _Unwind_SetIP(void *context, word value) {}

#ifdef __arm__
/* ARM's own names for some of it; 9 is a failure. */
int _Unwind_VRS_Get(void *context, int class, unsigned reg, int kind, void *value) { return 9; }
int _Unwind_VRS_Set(void *context, int class, unsigned reg, int kind, void *value) { return 9; }
int __gnu_unwind_frame(void *exception, void *context) { return 9; }
void __aeabi_unwind_cpp_pr0(void) {}
void __aeabi_unwind_cpp_pr1(void) {}
void __aeabi_unwind_cpp_pr2(void) {}
#endif

/* The library looks for newer functions by name. In a static program there are
   none to find; musl's says so in a text that it formats. */
void *dlsym(void *handle, const char *name) { return 0; }
void *__dlsym_time64(void *handle, const char *name) { return 0; }

/* Names are for debuggers. */
int pthread_setname_np(word thread, const char *name) { return 0; }

/* What of musl the resolver alone uses, made for more than it asks. */

/* 48 addresses at most. */
void qsort(void *base, word count, word size, int (*compare)(const void *, const void *)) {
    char *start = base, *end = start + count * size;
    for (char *next = start; next < end; next += size) {
        for (char *at = next; at > start && compare(at - size, at) > 0; at -= size) {
            for (char *byte = at; byte < at + size; byte++) {
                char moved = *byte;
                *byte = *(byte - size);
                *(byte - size) = moved;
            }
        }
    }
}

/* A name in a line of /etc/hosts. */
char *strstr(const char *text, const char *part) {
    for (;; text++) {
        word same = 0;
        while (part[same] && text[same] == part[same]) same++;
        if (!part[same]) return (char *)text;
        if (!text[same]) return 0;
    }
}

/* Whether each character of a name is one: in the C locale, which is never left, they are. */
word mbstowcs(void *wide, const char *name, word limit) { return 0; }

/* Numbers without a sign or blanks before them: ports, zones, options, parts of addresses. */
static unsigned digit(char character) {
    unsigned decimal = character - '0', letter = (character | 32) - 'a';
    return decimal < 10 ? decimal : letter < 6 ? letter + 10 : 16;
}
unsigned long long strtoull(const char *text, char **end, int base) {
    unsigned long long number = 0;
    if (!base) {
        base = *text == '0' ? 8 : 10;
        if (base == 8 && (text[1] | 32) == 'x' && digit(text[2]) < 16) {
            base = 16;
            text += 2;
        }
    }
    for (; digit(*text) < base; text++) {
        unsigned next = digit(*text);
        number = number > (~0ull - next) / base ? ~0ull : number * base + next;
    }
    if (end) *end = (char *)text;
    return number;
}
word strtoul(const char *text, char **end, int base) {
    unsigned long long number = strtoull(text, end, base);
    return number > ~(word)0 ? ~(word)0 : number;
}

/* Addresses are asked for, of streams and without the port of a service. */
struct port { unsigned short number; unsigned char protocol, kind; };
int __lookup_serv(struct port *ports, const char *name, int protocol, int kind, int flags) {
    *ports = (struct port){0, 6 /* IPPROTO_TCP */, kind};
    return 1;
}

/* No times are asked for by ioctl, so that there are none of 32 bits to be made longer. */
long syscall(long number, ...);
int ioctl(int file, int request, void *argument) { return syscall(SYS_ioctl, file, request, argument); }

/* Threads ask for the size of a page, and nobody for anything else. */
word getauxval(word entry);
word sysconf(int name) { return name == 30 /* _SC_PAGESIZE */ ? getauxval(6 /* AT_PAGESZ */) : -1; }

/* The kernel is asked for the time, not its page in our memory. */
void *__vdsosym(const char *version, const char *name) { return 0; }
