/* The floor in C: temporary file, write, flush, rename, flush the directory; what bench/floor.py does, without Python.
 *
 * A line on standard input asks for one save: PATH TAB SIZE TAB NUMBER TAB ETAG (the last is not looked at). The answer
 * is a line: nanoseconds on the clock, nanoseconds of the processor. Bytes: "%07d %07d\n" of size and number, repeated.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* NULL, or what failed. */
static const char *replace(const char *path, const char *data, size_t size)
{
    char temporary[4104], parent[4096];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (fd < 0)
        return "open";
    if (write(fd, data, size) != (ssize_t)size)
        return "write";
    if (fsync(fd) != 0)
        return "fsync";
    close(fd);
    if (rename(temporary, path) != 0)
        return "rename";
    snprintf(parent, sizeof parent, "%s", path);
    fd = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return "open of the directory";
    if (fsync(fd) != 0)
        return "fsync of the directory";
    close(fd);
    return NULL;
}

int main(void)
{
    char line[8192], path[4096], tag[32];
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("");
    while (fgets(line, sizeof line, stdin)) {
        if (!strchr(line, '\t')) {
            puts(""); /* what was there before? nobody knows */
            continue;
        }
        size_t size;
        int number;
        char *data;
        if (sscanf(line, "%4095[^\t]\t%zu\t%d", path, &size, &number) != 3 || !(data = malloc(size)))
            return 1;
        snprintf(tag, sizeof tag, "%07zu %07d\n", size, number);
        for (size_t at = 0; at < size; at += 16)
            memcpy(data + at, tag, 16);
        long long wall = now(CLOCK_MONOTONIC), processor = now(CLOCK_THREAD_CPUTIME_ID);
        const char *failed = replace(path, data, size);
        processor = now(CLOCK_THREAD_CPUTIME_ID) - processor;
        if (failed)
            printf("! %s: %s\n", failed, strerror(errno));
        else
            printf("%lld %lld\n", now(CLOCK_MONOTONIC) - wall, processor);
        free(data);
    }
    return 0;
}
