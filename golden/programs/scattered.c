/*
 * Runs copies of one function in anonymous memory, as just-in-time compilers do. Spends a second in
 * the function itself, then half of the time each in the first and the last of a hundred copies.
 * Runs until it is killed, or for as many seconds as the argument says.
 *
 *   cc -O1 -fno-omit-frame-pointer -fno-inline scattered.c -o scattered
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define COPIES 100
#define PAGE 4096
#define CODE_BYTES 256
#define ROUNDS 5000

typedef unsigned work_function(unsigned seed);

/* Reads nothing but its argument and the stack, so a copy of it works anywhere. */
unsigned work(unsigned seed)
{
	volatile unsigned value = seed;

	for (int round = 0; round < ROUNDS; round++)
		value = value * 1664525u + 1013904223u;
	return value;
}

/* The page behind each copy stays without rights, so no two copies become one mapping. */
work_function *copy_work(void)
{
	void *memory = mmap(0, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory, PAGE, PROT_READ | PROT_WRITE))
		exit(1);
	memcpy(memory, (const void *)work, CODE_BYTES);
	if (mprotect(memory, PAGE, PROT_READ | PROT_EXEC))
		exit(1);
	return (work_function *)memory;
}

int main(int argc, char **argv)
{
	time_t start = time(0);
	time_t end = argc > 1 ? start + atoi(argv[1]) : 0;
	work_function *copies[COPIES];
	unsigned value = 1;

	while (time(0) <= start + 1)
		value = work(value);
	for (int i = 0; i < COPIES; i++)
		copies[i] = copy_work();
	while (!end || time(0) < end)
		value = copies[0](copies[COPIES - 1](value));
	return value == 0;
}
