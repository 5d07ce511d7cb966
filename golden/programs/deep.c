/*
 * Spends its time below thirty frames of one function. Runs until it is killed, or for as many
 * seconds as the argument says.
 *
 *   cc -O1 -fno-omit-frame-pointer -fno-inline deep.c -o deep
 */
#include <stdlib.h>
#include <time.h>

#define DEPTH 30
#define ROUNDS 1000000

unsigned bottom(unsigned seed)
{
	/* On the stack: a leaf that needs none would be given no frame pointer. */
	volatile unsigned value = seed;

	for (int round = 0; round < ROUNDS; round++)
		value = value * 1664525u + 1013904223u;
	return value;
}

unsigned descend(unsigned seed, int left)
{
	/* What is added keeps it a call and no jump. */
	return left > 1 ? descend(seed, left - 1) + 1 : bottom(seed) + 1;
}

int main(int argc, char **argv)
{
	time_t end = argc > 1 ? time(0) + atoi(argv[1]) : 0;
	unsigned value = 1;

	while (!end || time(0) < end)
		value = descend(value, DEPTH);
	return value == 0;
}
