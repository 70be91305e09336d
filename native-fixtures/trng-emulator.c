/*
 * A serial TRNG on a pseudo-terminal, for tests. See README.md here for what it stands for, and for
 * what it cannot stand for.
 *
 *   trng-emulator FAMILY LINK [--rate BYTES_PER_SECOND] [--seed N] [--bias P] [--frame 1|2]
 *                 [--firmware TEXT] [--silent]
 *
 * FAMILY is truerng, truerngpro, truerngprov2, onerng or generic. LINK becomes a symbolic link to
 * the pts. Commands come on stdin, one a line; each is answered by one line on stdout.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum family { TRUERNG, TRUERNGPRO, TRUERNGPROV2, ONERNG, GENERIC };
static const char *const FAMILY_NAMES[] = {"truerng", "truerngpro", "truerngprov2", "onerng",
                                           "generic"};

enum fault { NOISE, STUCK, BIAS, PERIOD, DRIFT, SILENCE, TORN };

/* A reader that does not flush its termios (not serialport) is served after this long all the same. */
#define OPEN_GRACE_MS 100
/* tcsetattr with the new speed follows the flush at once, on a machine that is not too busy. */
#define SPEED_SETTLE_MS 20
/* The vendor's script holds the first 110 baud for 500 ms; less than this is not taken for a knock. */
#define KNOCK_HOLD_MS 300
/* In `torn`, one byte is lost in so many: prime, so that it falls on every position of a frame. */
#define TORN_EVERY 509
#define MAX_PERIOD 65536

static enum family family;
static const char *link_path;
static uint64_t seed = 1;
static double rate = 50000;
static int frame_bytes = 1;
static const char *firmware = "3";

static int master = -1;
static bool is_open, flushed, flushed_again, speed_recorded, corrects, streaming;
static int64_t opened_ms, recorded_ms;

/* One generator for each mode, so that what comes out shows which mode the device is in. */
struct generator {
  int mode;
  uint64_t state, word;
  int bytes_left;
};
static struct generator generators[32];
static int generator_count;

static int mode_baud = 300; /* TrueRNGpro: NORMAL after power up */
static int knock[3], recorded_baud;
static int64_t first_knock_held_ms;

static int mask;          /* OneRNG: what cmd0..cmdF set */
static bool paused = true; /* OneRNG powers up paused */
static bool versioning, identifying;
static int command_length; /* how much of "cmd" has been seen */

static enum fault fault;
static int stuck_value, period_length, period_filled, period_at, torn_count;
static uint8_t period_bytes[MAX_PERIOD];
static double bias = 0.5, drift_per_second;
static uint64_t drift_emitted, emitted;

static uint8_t pending[4096];
static size_t pending_at, pending_length;
static double owed; /* bytes that the rate allows now */
static int64_t paced_us;

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void) { return now_us() / 1000; }

static int baud_of(speed_t speed) {
  static const struct { speed_t speed; int baud; } TABLE[] = {
      {B110, 110},     {B300, 300},     {B1200, 1200},     {B2400, 2400},    {B4800, 4800},
      {B9600, 9600},   {B19200, 19200}, {B38400, 38400},   {B57600, 57600},  {B115200, 115200},
      {B230400, 230400}};
  for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
    if (TABLE[i].speed == speed) return TABLE[i].baud;
  return 0;
}

static int current_baud(void) {
  struct termios t;
  return tcgetattr(master, &t) == 0 ? baud_of(cfgetospeed(&t)) : 0;
}

/* splitmix64 (Vigna, public domain); its bytes are taken least significant first. */
static uint8_t next_byte(struct generator *g) {
  if (g->bytes_left == 0) {
    uint64_t z = (g->state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    g->word = z ^ (z >> 31);
    g->bytes_left = 8;
  }
  uint8_t byte = (uint8_t)g->word;
  g->word >>= 8;
  g->bytes_left--;
  return byte;
}

/* The generator of a mode starts at state = seed + mode. */
static struct generator *generator_of(int mode) {
  for (int i = 0; i < generator_count; i++)
    if (generators[i].mode == mode) return &generators[i];
  struct generator *g = &generators[generator_count < 31 ? generator_count++ : 31];
  *g = (struct generator){.mode = mode, .state = seed + (uint64_t)mode};
  return g;
}

static int current_mode(void) {
  if (family == ONERNG) return mask & 7;
  return family == TRUERNGPRO || family == TRUERNGPROV2 ? mode_baud : 0;
}

/* A bit is 1 with probability p: 16 bits of the generator against a threshold. */
static uint8_t biased_byte(struct generator *g, double p) {
  unsigned threshold = (unsigned)(p * 65536 + 0.5);
  uint8_t byte = 0;
  for (int i = 0; i < 8; i++) {
    unsigned low = next_byte(g), high = next_byte(g);
    byte = (uint8_t)(byte << 1 | ((high << 8 | low) < threshold));
  }
  return byte;
}

static uint8_t next_noise(struct generator *g) {
  switch (fault) {
  case STUCK:
    return (uint8_t)stuck_value;
  case BIAS:
    return biased_byte(g, bias);
  case DRIFT: {
    double p = 0.5 + drift_per_second * (double)drift_emitted++ / (rate > 0 ? rate : 50000);
    return biased_byte(g, p < 0 ? 0 : p > 1 ? 1 : p);
  }
  case PERIOD:
    if (period_filled < period_length) return period_bytes[period_filled++] = next_byte(g);
    if (period_at >= period_length) period_at = 0;
    return period_bytes[period_at++];
  default:
    return next_byte(g);
  }
}

static bool is_ascii_mode(int mode) {
  return mode == 1200 || mode == 2400 || mode == 38400 || mode == 115200 || mode == 230400;
}

/* Appends one sample in the wire format of the mode to `pending`. Returns the bytes it took. */
static int append_sample(void) {
  int mode = current_mode();
  struct generator *g = generator_of(mode);
  uint8_t wire[8];
  int length = 0;
  if (family != ONERNG && is_ascii_mode(mode)) {
    length = snprintf((char *)wire, sizeof wire, "0x%02X\r\n", next_noise(g));
  } else {
    wire[length++] = next_noise(g);
    /* A 12-bit ADC word, low byte first; the upper four bits are always zero. */
    if (frame_bytes == 2 && mode == 19200) wire[length++] = next_noise(g) & 0x0f;
  }
  for (int i = 0; i < length; i++) {
    emitted++;
    if (fault == TORN && ++torn_count % TORN_EVERY == 0) continue;
    pending[pending_length++] = wire[i];
  }
  return length;
}

static void append_text(const char *text) {
  size_t length = strlen(text);
  if (pending_length + length > sizeof pending) return;
  memcpy(pending + pending_length, text, length);
  pending_length += length;
}

static bool may_send_noise(void) {
  if (fault == SILENCE) return false;
  return family != ONERNG || (!paused && (mask & 6) != 4); /* cmd4, cmd5: every source is off */
}

static void fill_pending(void) {
  if (pending_at < pending_length) return;
  pending_at = pending_length = 0;
  if (family == ONERNG && !paused && fault != SILENCE) {
    char text[256];
    if (versioning) {
      snprintf(text, sizeof text, "\r\nVersion %s\r\n", firmware);
      append_text(text);
    }
    if (identifying) append_text("\r\n___5351000000000042___\r\n");
    versioning = identifying = false;
    if (pending_length > 0) return;
  }
  int64_t now = now_us();
  double elapsed = (double)(now - paced_us);
  paced_us = now;
  if (!may_send_noise()) { owed = 0; return; }
  owed = rate > 0 ? owed + rate * elapsed / 1e6 : (double)sizeof pending;
  /* A USB device has a small buffer: what nobody fetched for 100 ms was never sampled. */
  if (rate > 0 && owed > rate / 10 + 64) owed = rate / 10 + 64;
  while (owed >= 1 && pending_length + 8 <= sizeof pending) {
    owed -= append_sample();
  }
}

static void plug(void) {
  int on = 1;
  struct termios t;
  master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (master < 0 || grantpt(master) || unlockpt(master) || ioctl(master, TIOCPKT, &on) ||
      tcgetattr(master, &t)) {
    perror("trng-emulator: pseudo-terminal");
    exit(1);
  }
  cfmakeraw(&t); /* or the line discipline would echo the noise */
  tcsetattr(master, TCSANOW, &t);
  /* POLLHUP means "nobody has it open" only once somebody had. */
  int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave >= 0) close(slave);
  unlink(link_path);
  if (slave < 0 || symlink(ptsname(master), link_path)) {
    perror("trng-emulator: link");
    exit(1);
  }
  is_open = streaming = versioning = identifying = false;
  paused = true;
  mask = 0;
  mode_baud = 300;
  memset(knock, 0, sizeof knock);
  pending_at = pending_length = 0;
}

static void unplug(void) {
  if (master < 0) return;
  unlink(link_path);
  close(master);
  master = -1;
  is_open = streaming = false;
}

/* A knock's first 110 follows nothing, or something that is no part of a knock. */
static void hold_first_knock(void) {
  if (knock[2] == 110 && !(knock[0] == 110 && knock[1] == 300))
    first_knock_held_ms = now_ms() - opened_ms;
}

/* One open of the port at a speed: the only thing that a TrueRNGpro can be told. */
static void record_speed(void) {
  static int mode_before, knock_before[3];
  speed_recorded = true;
  recorded_ms = now_ms();
  int baud = current_baud();
  if (flushed_again || !corrects) {
    mode_before = mode_baud;
    memcpy(knock_before, knock, sizeof knock);
  } else { /* the speed that was read at first was still the one before */
    mode_baud = mode_before;
    memcpy(knock, knock_before, sizeof knock);
  }
  corrects = true;
  if (flushed_again && baud == recorded_baud) return;
  if (flushed_again) {
    hold_first_knock();
    opened_ms = recorded_ms;
  }
  flushed_again = false;
  recorded_baud = baud;
  if (knock[0] == 110 && knock[1] == 300 && knock[2] == 110 &&
      first_knock_held_ms >= KNOCK_HOLD_MS) {
    bool v2_only = baud == 57600 || baud == 115200 || baud == 230400;
    if (baud != 110 && (family == TRUERNGPROV2 || !v2_only)) {
      mode_baud = baud;
      pending_at = pending_length = 0;
    }
    memset(knock, 0, sizeof knock);
    return;
  }
  knock[0] = knock[1];
  knock[1] = knock[2];
  knock[2] = baud;
}

static void closed(void) {
  if (!speed_recorded || current_baud() != recorded_baud) record_speed();
  hold_first_knock();
  is_open = streaming = false;
}

static void handle_command_byte(char c) {
  static const char PREFIX[] = "cmd";
  if (command_length < 3) {
    command_length = c == PREFIX[command_length] ? command_length + 1 : 0;
    return;
  }
  command_length = 0;
  int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  if (digit >= 0) { mask = digit; pending_at = pending_length = 0; }
  else if (c == 'O') paused = false;
  else if (c == 'o') { paused = true; pending_at = pending_length = 0; }
  else if (c == 'w') pending_at = pending_length = 0;
  else if (c == 'v') versioning = true;
  else if (c == 'I') identifying = true;
}

/* TIOCPKT: the first byte of every read says what happened; 0 means that data follow. */
static void read_from_host(void) {
  char buffer[512];
  for (;;) {
    ssize_t n = read(master, buffer, sizeof buffer);
    if (n <= 0) return;
    if (buffer[0] & TIOCPKT_FLUSHREAD) {
      /* Either the host flushed, or it closed and opened again between two looks of ours. */
      flushed_again |= is_open && speed_recorded;
      flushed = true;
      speed_recorded = false;
      streaming = false;
      recorded_ms = now_ms();
    } else if (buffer[0] == TIOCPKT_DATA && family == ONERNG) {
      for (ssize_t i = 1; i < n; i++) handle_command_byte(buffer[i]);
    }
  }
}

static void serve_port(short revents) {
  read_from_host();
  if (revents & POLLHUP) {
    if (is_open) closed();
    return;
  }
  if (!is_open) {
    is_open = true;
    flushed_again = speed_recorded = corrects = streaming = false;
    opened_ms = now_ms();
    if (!flushed) recorded_ms = opened_ms;
  }
  if (!speed_recorded) {
    int64_t wait = flushed ? SPEED_SETTLE_MS : OPEN_GRACE_MS;
    if (now_ms() - recorded_ms < wait) return;
    record_speed();
    flushed = false;
    paced_us = now_us();
    owed = 0;
  }
  if (current_baud() != recorded_baud) record_speed();
  streaming = true;
  for (int i = 0; i < 16; i++) {
    fill_pending();
    if (pending_at == pending_length) return;
    ssize_t n = write(master, pending + pending_at, pending_length - pending_at);
    if (n <= 0) return;
    pending_at += (size_t)n;
  }
}

static void set_fault(enum fault kind) {
  fault = kind;
  period_filled = period_at = torn_count = 0;
  drift_emitted = 0;
  pending_at = pending_length = 0;
}

static void obey(char *line) {
  char word[32] = "", extra[2] = "";
  double value = 0;
  int fields = sscanf(line, "%31s %lf %1s", word, &value, extra);
  bool alone = fields == 1, valued = fields == 2;
  if (alone && !strcmp(word, "noise")) set_fault(NOISE);
  else if (alone && !strcmp(word, "silence")) set_fault(SILENCE);
  else if (alone && !strcmp(word, "torn")) set_fault(TORN);
  else if (valued && !strcmp(word, "stuck") && value >= 0 && value <= 255)
    set_fault(STUCK), stuck_value = (int)value;
  else if (valued && !strcmp(word, "bias") && value >= 0 && value <= 1)
    set_fault(BIAS), bias = value;
  else if (valued && !strcmp(word, "drift")) set_fault(DRIFT), drift_per_second = value;
  else if (valued && !strcmp(word, "period") && value >= 1 && value <= MAX_PERIOD)
    set_fault(PERIOD), period_length = (int)value;
  else if (valued && !strcmp(word, "rate") && value >= 0) rate = value, owed = 0;
  else if (alone && !strcmp(word, "unplug")) unplug();
  else if (alone && !strcmp(word, "replug")) unplug(), plug();
  else if (alone && !strcmp(word, "quit")) { printf("ok quit\n"); unplug(); exit(0); }
  else if (alone && !strcmp(word, "status")) {
    printf("ok plugged=%d open=%d streaming=%d mode=%d paused=%d emitted=%llu\n", master >= 0,
           is_open, streaming, current_mode(), family == ONERNG && paused,
           (unsigned long long)emitted);
    return;
  } else { printf("error not a command: %s\n", line); return; }
  printf("ok %s\n", line);
}

/* False at the end of input: an emulator does not outlive the test that started it. */
static bool read_commands(void) {
  static char line[256];
  static size_t length;
  char buffer[256];
  ssize_t n = read(0, buffer, sizeof buffer);
  if (n == 0) return false;
  for (ssize_t i = 0; i < n; i++) {
    if (buffer[i] == '\n') {
      line[length] = 0;
      obey(line);
      length = 0;
    } else if (length + 1 < sizeof line) line[length++] = buffer[i];
  }
  return n > 0 || errno == EINTR || errno == EAGAIN;
}

static void usage(void) {
  fprintf(stderr, "usage: trng-emulator FAMILY LINK [--rate N] [--seed N] [--bias P] "
                  "[--frame 1|2] [--firmware TEXT] [--silent]\n");
  exit(2);
}

int main(int argc, char **argv) {
  if (argc < 3) usage();
  int f = 0;
  while (f < 5 && strcmp(argv[1], FAMILY_NAMES[f])) f++;
  if (f == 5) usage();
  family = (enum family)f;
  link_path = argv[2];
  for (int i = 3; i < argc; i++) {
    if (!strcmp(argv[i], "--silent")) { fault = SILENCE; continue; }
    if (i + 1 >= argc) usage();
    const char *name = argv[i], *value = argv[++i];
    if (!strcmp(name, "--rate")) rate = atof(value);
    else if (!strcmp(name, "--seed")) seed = strtoull(value, NULL, 0);
    else if (!strcmp(name, "--bias")) { fault = BIAS; bias = atof(value); }
    else if (!strcmp(name, "--frame")) frame_bytes = atoi(value);
    else if (!strcmp(name, "--firmware")) firmware = value;
    else usage();
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  plug();
  printf("ready %s\n", link_path);
  for (;;) {
    struct pollfd fds[2] = {{.fd = 0, .events = POLLIN}, {.fd = master, .events = POLLIN | POLLPRI}};
    /* POLLHUP is level-triggered: with nobody there, look every millisecond instead of spinning. */
    bool wait_on_port = master >= 0 && is_open;
    poll(fds, wait_on_port ? 2 : 1, 1);
    if (fds[0].revents && !read_commands()) { unplug(); return 0; }
    if (master < 0) continue;
    fds[1].fd = master; /* a command may have replugged it */
    fds[1].revents = 0;
    poll(&fds[1], 1, 0);
    serve_port(fds[1].revents);
  }
}
