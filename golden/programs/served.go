// Computes, allocates and waits for a lock, and serves net/http/pprof on the address named; says when it
// has begun: served ADDRESS SECONDS.
package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

var (
	lock sync.Mutex
	sink []byte
)

//go:noinline
func waste() { sink = make([]byte, 1<<16) }

//go:noinline
func compute() (sum int) {
	for i := 0; i < 10_000_000; i++ {
		sum += i * i
	}
	return sum
}

func locked() {
	lock.Lock()
	defer lock.Unlock()
	for i := 0; i < 100; i++ {
		waste()
	}
}

func main() {
	runtime.SetMutexProfileFraction(1)
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
	for i := 0; i < 2; i++ {
		go func() {
			for {
				locked()
			}
		}()
	}
	fmt.Println("ready")
	seconds, _ := strconv.Atoi(os.Args[2])
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		compute()
	}
}
