// gRPC's own test server with gzip, which its main program does not have: it refuses requests that
// are not compressed though they say so, and compresses the response to a unary call when asked.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// Whether the last message of a call came compressed; it hangs on the call's context.
type lastMessage struct{ compressed bool }

type lastMessageKey struct{}

type watcher struct{}

func (watcher) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, lastMessageKey{}, &lastMessage{})
}
func (watcher) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if in, ok := event.(*stats.InPayload); ok {
		ctx.Value(lastMessageKey{}).(*lastMessage).compressed = in.CompressedLength != in.Length
	}
}
func (watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (watcher) HandleConn(context.Context, stats.ConnStats)                       {}

func checkCompressed(ctx context.Context, expected *testpb.BoolValue) error {
	compressed := ctx.Value(lastMessageKey{}).(*lastMessage).compressed
	if expected == nil || expected.Value == compressed {
		return nil
	}
	return status.Errorf(codes.InvalidArgument, "compressed: %v, expected %v", compressed, expected.Value)
}

type server struct{ testpb.TestServiceServer }

func (s server) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := checkCompressed(ctx, in.ExpectCompressed); err != nil {
		return nil, err
	}
	if in.ResponseCompressed != nil {
		name := encoding.Identity
		if in.ResponseCompressed.Value {
			name = gzip.Name
		}
		if err := grpc.SetSendCompressor(ctx, name); err != nil {
			return nil, err
		}
	}
	return s.TestServiceServer.UnaryCall(ctx, in)
}

func (s server) StreamingInputCall(stream testpb.TestService_StreamingInputCallServer) error {
	return s.TestServiceServer.StreamingInputCall(&checkedStream{stream})
}

type checkedStream struct {
	testpb.TestService_StreamingInputCallServer
}

func (s *checkedStream) Recv() (*testpb.StreamingInputCallRequest, error) {
	in, err := s.TestService_StreamingInputCallServer.Recv()
	if err == nil {
		err = checkCompressed(s.Context(), in.ExpectCompressed)
	}
	return in, err
}

func main() {
	certificate := flag.String("tls_cert_file", "", "PEM; with it and the key, TLS")
	key := flag.String("tls_key_file", "", "PEM")
	flag.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	options := []grpc.ServerOption{grpc.StatsHandler(watcher{})}
	if *certificate != "" {
		tls, err := credentials.NewServerTLSFromFile(*certificate, *key)
		if err != nil {
			panic(err)
		}
		options = append(options, grpc.Creds(tls))
	}
	program := grpc.NewServer(options...)
	testpb.RegisterTestServiceServer(program, server{interop.NewTestServer()})
	fmt.Println("listening on", listener.Addr())
	if err := program.Serve(listener); err != nil {
		panic(err)
	}
}
