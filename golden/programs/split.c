/*
 * Spends seven tenths of its time in one leaf function and three in another: both do the same work
 * a round, 7 to 3 rounds. Runs until it is killed, or for as many seconds as the argument says.
 *
 *   cc -O1 -fno-omit-frame-pointer -fno-inline split.c -o split
 */
#include <stdlib.h>
#include <time.h>

/*
 * One call takes some 30 us: far less than from one sample to the next, so that these two clocks do
 * not run in step.
 */
#define ROUNDS 1000

/*
 * Each round needs the last one's result, so none can be skipped or overlap another. The value lies
 * on the stack: a leaf that needs none would be given no frame pointer either.
 */
#define WORK(rounds)                                    \
	volatile unsigned value = seed;                 \
	for (int round = 0; round < (rounds); round++)  \
		value = value * 1664525u + 1013904223u; \
	return value

unsigned spend_seventy(unsigned seed)
{
	WORK(7 * ROUNDS);
}

unsigned spend_thirty(unsigned seed)
{
	WORK(3 * ROUNDS);
}

unsigned spend(unsigned seed)
{
	unsigned value = spend_seventy(seed);

	return spend_thirty(value) + 1;
}

int main(int argc, char **argv)
{
	time_t end = argc > 1 ? time(0) + atoi(argv[1]) : 0;
	unsigned value = 1;

	while (!end || time(0) < end)
		value = spend(value);
	return value == 0;
}
