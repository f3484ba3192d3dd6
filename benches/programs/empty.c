/* The least that a process can cost: what every other time is compared with. */
int main(void) { return 0; }
