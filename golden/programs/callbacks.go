// Go that calls C that calls Go, for as many seconds as the argument says.
package main

/*
#include <stdint.h>
#include <stdlib.h>
extern int64_t goSpend(int64_t);
static __attribute__((noinline)) int64_t cSpend(int64_t n) {
	volatile int64_t sum = 0;
	for (int64_t i = 0; i < n; i++) sum += i * i;
	return sum;
}
static __attribute__((noinline)) int64_t cCallsBack(int64_t n) { return goSpend(n) + cSpend(n); }
static int compare(const void *a, const void *b) { return goSpend(20) ? *(int *)a - *(int *)b : 0; }
static int64_t cSorts(int64_t n) {
	int numbers[64];
	for (int i = 0; i < 64; i++) numbers[i] = (int)(i * n % 64);
	qsort(numbers, 64, sizeof(int), compare);
	return numbers[0];
}
*/
import "C"

import (
	"os"
	"strconv"
	"time"
)

//export goSpend
func goSpend(n C.int64_t) C.int64_t {
	sum := C.int64_t(1)
	for i := C.int64_t(0); i < n; i++ {
		sum += i * i
	}
	return sum | 1
}

//go:noinline
func spend(n C.int64_t) C.int64_t {
	return C.cSpend(n) + C.cCallsBack(n) + C.cSorts(n)
}

func main() {
	seconds, _ := strconv.Atoi(os.Args[1])
	sum := C.int64_t(0)
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		sum += spend(5000)
	}
	if sum == 0 {
		os.Exit(1)
	}
}
