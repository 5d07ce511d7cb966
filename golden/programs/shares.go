// Seven tenths of the time below one function, three tenths below another: shares SECONDS.
package main

import (
	"os"
	"strconv"
	"time"
)

var sink uint32

//go:noinline
func work(rounds int) {
	value := sink
	for range rounds {
		value = value*1664525 + 1013904223
	}
	sink = value
}

//go:noinline
func spend_seventy() { work(7 * 500000) }

//go:noinline
func spend_thirty() { work(3 * 500000) }

func main() {
	seconds, _ := strconv.Atoi(os.Args[1])
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	done := make(chan bool)
	go func() {
		for time.Now().Before(end) {
			spend_seventy()
			spend_thirty()
		}
		done <- true
	}()
	<-done
}
