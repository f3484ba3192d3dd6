/* What the library refers to and a router has no use for. In the place of
   libunwind, and before musl, whose own would bring 15 KB of printf. */

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
