/* SPDX-License-Identifier: EUPL-1.2
 * Preloaded into the server: every fsync and fdatasync takes SLOW_FSYNC_US microseconds longer, as on a slower disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_longer(void)
{
    const char *text = getenv("SLOW_FSYNC_US");
    if (text)
        usleep((useconds_t)atoi(text));
}

int fsync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_longer();
    return real(fd);
}

int fdatasync(int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_longer();
    return real(fd);
}
