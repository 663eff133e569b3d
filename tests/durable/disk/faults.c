/* Stands between a program and the disk, and fails one call: the ANDON_FAULT-th on a file whose name holds ".andon", from
 * when the file ANDON_ARMED exists, with the error ANDON_ERRNO. It leaves the file ANDON_FIRED. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int fails(int fd)
{
    const char *fault = getenv("ANDON_FAULT"), *armed = getenv("ANDON_ARMED"), *code = getenv("ANDON_ERRNO");
    const char *fired = getenv("ANDON_FIRED");
    char link[64], name[4096];
    ssize_t length;
    if (!fault || !armed || !code || !fired || access(armed, F_OK) != 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, name, sizeof name - 1);
    if (length < 0)
        return 0;
    name[length] = 0;
    if (!strstr(name, ".andon"))
        return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != atol(fault))
        return 0;
    close(open(fired, O_CREAT | O_WRONLY, 0600));
    errno = atoi(code);
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t size)
{
    return fails(fd) ? -1 : REAL(write)(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return fails(fd) ? -1 : REAL(pwrite)(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return fails(fd) ? -1 : REAL(pwrite64)(fd, bytes, size, at);
}

int fdatasync(int fd)
{
    return fails(fd) ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
    return fails(fd) ? -1 : REAL(fsync)(fd);
}

int ftruncate(int fd, off_t size)
{
    return fails(fd) ? -1 : REAL(ftruncate)(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return fails(fd) ? -1 : REAL(ftruncate64)(fd, size);
}
