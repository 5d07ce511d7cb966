/* Burns CPU in one function, in a container. */
volatile unsigned long sink;

__attribute__((noinline)) void burn_in_pod(void) {
  for (unsigned long i = 0; i < 1000000; i++) sink += i * i;
}

int main(void) {
  for (;;) burn_in_pod();
}
