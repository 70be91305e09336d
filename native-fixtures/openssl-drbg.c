/*
 * OpenSSL's HMAC_DRBG with SHA-256, to be measured beside ours: `make build/openssl-drbg` needs
 * Debian's libssl-dev. For each line "BYTES CALLS" on stdin it makes so many EVP_RAND_generate of so
 * many bytes and prints the processor time that they took, in nanoseconds.
 */
#define _POSIX_C_SOURCE 199309L
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double processor_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(void) {
  EVP_RAND *algorithm = EVP_RAND_fetch(NULL, "HMAC-DRBG", NULL);
  EVP_RAND_CTX *drbg = algorithm ? EVP_RAND_CTX_new(algorithm, NULL) : NULL;
  /* No reseed by count or by time: the generates alone are measured. */
  unsigned int requests = 0;
  time_t interval = 0;
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_MAC, "HMAC", 0),
      OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_DIGEST, "SHA256", 0),
      OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_REQUESTS, &requests),
      OSSL_PARAM_construct_time_t(OSSL_DRBG_PARAM_RESEED_TIME_INTERVAL, &interval),
      OSSL_PARAM_construct_end(),
  };
  if (!drbg || !EVP_RAND_instantiate(drbg, 256, 0, NULL, 0, parameters)) {
    fprintf(stderr, "openssl-drbg: no HMAC-DRBG\n");
    return 1;
  }
  printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
  fflush(stdout);
  size_t bytes;
  long calls;
  while (scanf("%zu %ld", &bytes, &calls) == 2) {
    unsigned char *out = malloc(bytes);
    if (!out) return 1;
    double begin = processor_nanoseconds();
    for (long i = 0; i < calls; i++) {
      if (!EVP_RAND_generate(drbg, out, bytes, 256, 0, NULL, 0)) {
        fprintf(stderr, "openssl-drbg: a generate failed\n");
        return 1;
      }
    }
    printf("%.0f\n", processor_nanoseconds() - begin);
    fflush(stdout);
    free(out);
  }
  return 0;
}
