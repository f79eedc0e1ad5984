/*
 * The floor of the RPC benchmark: bytes there and back over a Unix socket, with nothing else.
 *
 *   ping-pong server PATH epoll|spin
 *   ping-pong client PATH epoll|spin BYTES SECONDS    prints {"count":N,"p50Us":X,"p95Us":Y}
 *
 * epoll sleeps until something comes; spin asks again and again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <fcntl.h>

#define MAX_BYTES (1 << 20)
#define MAX_SAMPLES (1 << 22)

static char buffer[MAX_BYTES];
static double samples[MAX_SAMPLES];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void name(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strncpy(address->sun_path, path, sizeof address->sun_path - 1);
}

static void send_all(int socket, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t n = write(socket, buffer + sent, length - sent);
    if (n > 0) sent += n;
    else if (errno != EAGAIN) die("write");
  }
}

/* Waits for the socket as told, then reads what is there. 0: the peer has closed. */
static size_t receive(int socket, int epoll, size_t length) {
  for (;;) {
    if (epoll >= 0) {
      struct epoll_event event;
      if (epoll_wait(epoll, &event, 1, -1) < 0) die("epoll_wait");
    }
    ssize_t n = read(socket, buffer, length);
    if (n >= 0) return n;
    if (errno != EAGAIN) die("read");
  }
}

static int waiter(int socket, const char *mode) {
  if (strcmp(mode, "spin") == 0) return -1;
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
  if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) < 0) die("epoll");
  return epoll;
}

static void serve(const char *path, const char *mode) {
  struct sockaddr_un address;
  name(&address, path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) die("bind");
  if (listen(listener, 4) < 0) die("listen");
  puts("ready");
  fflush(stdout);
  for (;;) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) die("accept");
    fcntl(peer, F_SETFL, O_NONBLOCK);
    int epoll = waiter(peer, mode);
    for (size_t n; (n = receive(peer, epoll, MAX_BYTES)) > 0;) send_all(peer, n);
    if (epoll >= 0) close(epoll);
    close(peer);
  }
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static void call(const char *path, const char *mode, size_t length, double seconds) {
  struct sockaddr_un address;
  name(&address, path);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(server, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
  fcntl(server, F_SETFL, O_NONBLOCK);
  int epoll = waiter(server, mode);
  size_t count = 0;
  double end = now_us() + seconds * 1e6;
  for (double start = now_us(); start < end && count < MAX_SAMPLES;) {
    send_all(server, length);
    for (size_t got = 0; got < length;) {
      size_t n = receive(server, epoll, length - got);
      if (n == 0) die("the server has closed");
      got += n;
    }
    double done = now_us();
    samples[count++] = done - start;
    start = done;
  }
  qsort(samples, count, sizeof *samples, ascending);
  printf("{\"count\":%zu,\"p50Us\":%.2f,\"p95Us\":%.2f}\n", count, samples[count / 2],
         samples[count * 95 / 100]);
}

int main(int count, char **arguments) {
  if (count == 4 && strcmp(arguments[1], "server") == 0) serve(arguments[2], arguments[3]);
  else if (count == 6 && strcmp(arguments[1], "client") == 0) {
    size_t length = strtoul(arguments[4], NULL, 10);
    if (length == 0 || length > MAX_BYTES) return 2;
    call(arguments[2], arguments[3], length, atof(arguments[5]));
  } else {
    fputs("ping-pong server PATH epoll|spin | client PATH epoll|spin BYTES SECONDS\n", stderr);
    return 2;
  }
  return 0;
}
