// gRPC's own test server with gzip, which its main program does not have.
package main

import (
	"flag"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

func main() {
	certificate := flag.String("tls_cert_file", "", "PEM; with it and the key, TLS")
	key := flag.String("tls_key_file", "", "PEM")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var options []grpc.ServerOption
	if *certificate != "" {
		tls, err := credentials.NewServerTLSFromFile(*certificate, *key)
		if err != nil {
			panic(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	server := grpc.NewServer(options...)
	testpb.RegisterTestServiceServer(server, interop.NewTestServer())
	fmt.Println("listening on", listener.Addr())
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
