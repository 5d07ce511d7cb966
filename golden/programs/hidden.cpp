// Stacks that a walk by frame pointers cannot follow, one kind an argument:
//   hidden recursion|callback|exception|signal|plt|plugin SECONDS
// Built with -O2 -fomit-frame-pointer by the tests.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <functional>
#include <stdexcept>
#include <vector>

static volatile unsigned long sink;

__attribute__((noinline)) static unsigned long spend(unsigned long rounds)
{
	unsigned long sum = 0;
	for (unsigned long i = 0; i < rounds; i++)
		sum += i * i ^ (sum >> 3);
	return sum;
}

// Large frames of varying size, so that the stack pointer moves a lot.
__attribute__((noinline)) static unsigned long recurse(int depth, const std::function<unsigned long()> &leaf)
{
	volatile char room[200];
	memset(const_cast<char *>(room), depth, sizeof(room));
	unsigned long below = depth == 0 ? leaf() : recurse(depth - 1, leaf);
	return below + room[depth % sizeof(room)];
}

static int by_spending(const void *a, const void *b)
{
	sink += spend(200);
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

// Through libc's qsort and libstdc++'s templates.
__attribute__((noinline)) static void call_back()
{
	std::vector<int> values(500);
	for (int &value : values)
		value = rand();
	qsort(values.data(), values.size(), sizeof(int), by_spending);
	std::sort(values.begin(), values.end(), [](int a, int b) { return by_spending(&b, &a) < 0; });
}

// Time goes into the unwinder of libgcc.
__attribute__((noinline)) static void throw_far()
{
	try {
		sink += recurse(20, []() -> unsigned long { throw std::runtime_error("far"); });
	} catch (const std::exception &) {
	}
}

static void on_signal(int)
{
	sink += spend(20000);
}

// The handler runs on the stack of what it interrupts.
__attribute__((noinline)) static void interrupt()
{
	raise(SIGUSR1);
}

// Calls so small that the stubs of the procedure linkage table are often met, half done or not.
__attribute__((noinline)) static unsigned long call_stubs()
{
	for (int i = 0; i < 5000; i++)
		sink += labs(sink + i);
	return 0;
}

// Code that is mapped after the program began to run. Ends the program where the library is missing.
__attribute__((noinline)) static unsigned long call_plugin()
{
	using Crypt = char *(const char *, const char *);
	static void *library = dlopen("libcrypt.so.1", RTLD_NOW);
	if (library == nullptr)
		exit(3);
	Crypt *crypt = reinterpret_cast<Crypt *>(dlsym(library, "crypt"));
	return crypt("word", "$6$rounds=1000$salt") != nullptr;
}

int main(int count, char **words)
{
	const char *kind = count > 1 ? words[1] : "recursion";
	const time_t end = time(nullptr) + (count > 2 ? atoi(words[2]) : 60);
	signal(SIGUSR1, on_signal);
	while (time(nullptr) < end) {
		if (!strcmp(kind, "callback"))
			call_back();
		else if (!strcmp(kind, "exception"))
			throw_far();
		else if (!strcmp(kind, "signal"))
			sink += recurse(10, []() { interrupt(); return 0UL; });
		else if (!strcmp(kind, "plt"))
			sink += recurse(10, call_stubs);
		else if (!strcmp(kind, "plugin"))
			sink += recurse(10, call_plugin);
		else
			sink += recurse(30, []() { return spend(5000); });
	}
	return 0;
}
