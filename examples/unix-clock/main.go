// A time service: GET /time answers the seconds since 1970, GET /healthz answers ok.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	address := net.JoinHostPort(os.Getenv("HOST"), valueOr(os.Getenv("PORT"), "8000"))
	server := &http.Server{Addr: address, Handler: handler(), ReadHeaderTimeout: 10 * time.Second}

	// A container's first process gets no default action for SIGTERM.
	stopped, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	closed := make(chan error)
	go func() {
		<-stopped.Done()
		patience, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		closed <- server.Shutdown(patience)
	}()

	log.Printf("listening on %s", address)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-closed; err != nil {
		log.Fatal(err)
	}
}

func handler() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/time", func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Cache-Control", "no-store")
		fmt.Fprintf(response, "%d\n", time.Now().Unix())
	})
	routes.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(response, "ok")
	})
	return routes
}

func valueOr(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}
