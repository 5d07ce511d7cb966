// Seven tenths of the time below one function, three tenths below another, in C: shares-cgo SECONDS.
package main

/*
#cgo CFLAGS: -O2 -fomit-frame-pointer
static volatile unsigned sink;

__attribute__((noinline)) static void compute(int rounds)
{
	unsigned value = sink;

	for (int round = 0; round < rounds; round++)
		value = value * 1664525u + 1013904223u;
	sink = value;
}

static void in_c(int rounds)
{
	compute(rounds);
	sink++;
}
*/
import "C"

import (
	"os"
	"strconv"
	"time"
)

//go:noinline
func spend_seventy() { C.in_c(7 * 500000) }

//go:noinline
func spend_thirty() { C.in_c(3 * 500000) }

func main() {
	seconds, _ := strconv.Atoi(os.Args[1])
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for time.Now().Before(end) {
		spend_seventy()
		spend_thirty()
	}
}
