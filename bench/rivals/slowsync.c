/* Loaded before the C library (LD_PRELOAD): every fsync and fdatasync takes SLOW_US microseconds longer, as on a disk over a network. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*sync_call)(int);

static int slowly(const char *name, int fd)
{
    const char *microseconds = getenv("SLOW_US");
    sync_call call = (sync_call)dlsym(RTLD_NEXT, name);
    usleep(microseconds ? (useconds_t)atoi(microseconds) : 1000);
    return call(fd);
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
