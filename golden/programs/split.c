/*
 * Spends seven tenths of its time in one leaf function and three in another: both do the same work
 * a round, 7 to 3 rounds. Runs until it is killed, or for as many seconds as the argument says.
 *
 *   cc -O1 -fno-omit-frame-pointer -fno-inline split.c -o split
 */
#include <stdlib.h>
#include <time.h>

/*
 * Both functions together take from some 10 to 200 ms, another time at each turn. Many samples fall
 * into one turn, so their shares vary less than by chance; and turns of many lengths do not run in
 * step with the sampler's clock.
 */
#define ROUNDS 400000
#define TURNS(value) (1 + ((value) >> 28))

/*
 * Each round needs the last one's result, so none can be skipped or overlap another. The value lies
 * on the stack: a leaf that needs none would be given no frame pointer either.
 */
#define WORK(rounds)                                        \
	volatile unsigned value = seed;                     \
	for (unsigned round = 0; round < (rounds); round++) \
		value = value * 1664525u + 1013904223u;     \
	return value

unsigned spend_seventy(unsigned seed, unsigned turns)
{
	WORK(7 * ROUNDS * turns);
}

unsigned spend_thirty(unsigned seed, unsigned turns)
{
	WORK(3 * ROUNDS * turns);
}

unsigned spend(unsigned seed)
{
	unsigned turns = TURNS(seed);

	return spend_thirty(spend_seventy(seed, turns), turns) + 1;
}

int main(int argc, char **argv)
{
	time_t end = argc > 1 ? time(0) + atoi(argv[1]) : 0;
	unsigned value = 1;

	while (!end || time(0) < end)
		value = spend(value);
	return value == 0;
}
