/*
 * Records every change and every sync of files under one folder, in one global order; loaded with LD_PRELOAD into the process under test.
 * With ZX_KILL_AT it also ends the process at a chosen call, once armed.
 *
 * ZX_TRACE_ROOT  the folder; calls on other paths pass through unseen
 * ZX_TRACE_FILE  where the trace goes, outside the folder (absent: nothing is recorded)
 * ZX_KILL_MATCH  part of a path; ZX_KILL_AT  the process kills itself before the n-th recorded call on such a path after a write that
 *                begins with "arm" to the file "marks" in the folder
 *
 * Entry: u8 operation, u8 flags, u16 path bytes, u32 data bytes, u64 a, u64 b, path (relative to the folder), data; native byte order.
 * A change and its entry are made under one lock, so the order of entries is the order of changes. A sync has an entry before and one after:
 * it promises nothing until the second. What this library cannot describe (a shared writable map, a copy inside the kernel, a link, a
 * preallocation) makes an entry UNSUPPORTED, on which the reader of the trace fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, MKDIR, WRITE, TRUNCATE, RENAME, UNLINK, RMDIR, SYNC_BEGIN, SYNC_END, UNSUPPORTED };
enum { ZEROES = 1, SYNCHRONOUS = 2 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_len;
static int trace_fd = -1;
static const char *kill_match;
static long kill_at = -1, kill_seen;
static int armed;
static uint64_t sync_number;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("ZX_TRACE_ROOT"), *file = getenv("ZX_TRACE_FILE"), *at = getenv("ZX_KILL_AT");
    if (!folder) return;
    snprintf(root, sizeof root, "%s/", folder);
    root_len = strlen(root);
    kill_match = getenv("ZX_KILL_MATCH");
    if (at) kill_at = strtol(at, NULL, 10);
    if (file) trace_fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* The path below the folder, or NULL. The folder itself is the empty path. */
static const char *below(const char *path) {
    if (!root_len || !path) return NULL;
    if (strncmp(path, root, root_len) == 0) return path + root_len;
    if (strlen(path) == root_len - 1 && strncmp(path, root, root_len - 1) == 0) return path + root_len - 1;
    return NULL;
}

static const char *of_fd(int fd, char buffer[PATH_MAX]) {
    char name[64];
    if (!root_len) return NULL;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, buffer, PATH_MAX - 1);
    if (len < 0) return NULL;
    buffer[len] = 0;
    /* Nobody can find a file without a name again. */
    if (len > 10 && strcmp(buffer + len - 10, " (deleted)") == 0) return NULL;
    return below(buffer);
}

static const char *at_dir(int dir, const char *path, char buffer[PATH_MAX]) {
    if (!root_len) return NULL;
    if (path[0] == '/' || dir == AT_FDCWD) return below(path);
    char folder[PATH_MAX], name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", dir);
    ssize_t len = readlink(name, folder, PATH_MAX - 1);
    if (len < 0 || len + strlen(path) + 2 > PATH_MAX) return NULL;
    memcpy(buffer, folder, (size_t)len);
    snprintf(buffer + len, PATH_MAX - (size_t)len, "/%s", path);
    return below(buffer);
}

/* Called with the lock held, before a recorded call. */
static void maybe_kill(const char *path) {
    if (armed && kill_at >= 0 && kill_match && strstr(path, kill_match) && ++kill_seen >= kill_at) {
        syscall(SYS_kill, getpid(), SIGKILL);
        for (;;) pause();
    }
}

static void put(const void *bytes, size_t len) {
    while (len > 0) {
        ssize_t done = syscall(SYS_write, trace_fd, bytes, len);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        len -= (size_t)done;
    }
}

static void entry(uint8_t operation, uint8_t flags, const char *path, uint64_t a, uint64_t b, const void *data, uint32_t data_len) {
    if (trace_fd < 0) return;
    struct __attribute__((packed)) { uint8_t operation, flags; uint16_t path_len; uint32_t data_len; uint64_t a, b; } head = {
        operation, flags, (uint16_t)strlen(path), data_len, a, b};
    put(&head, sizeof head);
    put(path, head.path_len);
    put(data, data_len);
}

static int all_zero(const unsigned char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (bytes[i]) return 0;
    return 1;
}

static void entry_write(int fd, const char *path, const void *bytes, size_t len, off_t offset) {
    int flags = fcntl(fd, F_GETFL);
    uint8_t marks = (flags & O_DSYNC) ? SYNCHRONOUS : 0;
    if (len >= 4096 && all_zero(bytes, len)) entry(WRITE, marks | ZEROES, path, (uint64_t)offset, len, NULL, 0);
    else entry(WRITE, marks, path, (uint64_t)offset, len, bytes, (uint32_t)len);
    if (strcmp(path, "marks") == 0 && len >= 3 && memcmp(bytes, "arm", 3) == 0) armed = 1;
}

#define LOCKED_WRITE(call, bytes, offset_expression) \
    char buffer[PATH_MAX]; \
    if (!root_len) return call; \
    pthread_mutex_lock(&lock); \
    const char *path = of_fd(fd, buffer); \
    if (path) maybe_kill(path); \
    ssize_t done = call; \
    int error = errno; \
    if (path && done > 0) entry_write(fd, path, bytes, (size_t)done, offset_expression); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done

ssize_t write(int fd, const void *bytes, size_t len) {
    REAL(write);
    LOCKED_WRITE(real(fd, bytes, len), bytes, lseek(fd, 0, SEEK_CUR) - done);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset) {
    REAL(pwrite);
    LOCKED_WRITE(real(fd, bytes, len, offset), bytes, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset) {
    REAL(pwrite64);
    LOCKED_WRITE(real(fd, bytes, len, offset), bytes, offset);
}

/* Vectors become one write of their joined bytes: the same bytes at the same place. */
static void *join(const struct iovec *parts, int count, size_t *len) {
    *len = 0;
    for (int i = 0; i < count; i++) *len += parts[i].iov_len;
    char *joined = malloc(*len ? *len : 1);
    if (!joined) abort();
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        memcpy(joined + at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    return joined;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    size_t len;
    void *joined = join(parts, count, &len);
    ssize_t done = write(fd, joined, len);
    int error = errno;
    free(joined);
    errno = error;
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    size_t len;
    void *joined = join(parts, count, &len);
    ssize_t done = pwrite(fd, joined, len, offset);
    int error = errno;
    free(joined);
    errno = error;
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { return pwritev(fd, parts, count, offset); }

static int open_recorded(int dir, const char *name, int flags, mode_t mode) {
    static int (*real)(int, const char *, int, ...);
    if (!real) real = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat64");
    char buffer[PATH_MAX];
    const char *path = (flags & (O_CREAT | O_TRUNC)) ? at_dir(dir, name, buffer) : NULL;
    if (!path) return real(dir, name, flags, mode);
    pthread_mutex_lock(&lock);
    maybe_kill(path);
    struct stat found;
    int missing = fstatat(dir, name, &found, 0) != 0;
    int fd = real(dir, name, flags, mode);
    int error = errno;
    if (fd >= 0 && missing) entry(CREATE, 0, path, 0, 0, NULL, 0);
    else if (fd >= 0 && (flags & O_TRUNC) && found.st_size > 0) entry(TRUNCATE, 0, path, 0, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN_MODE(flags) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = (mode_t)va_arg(rest, int); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) { OPEN_MODE(flags) return open_recorded(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { OPEN_MODE(flags) return open_recorded(AT_FDCWD, name, flags, mode); }
int openat(int dir, const char *name, int flags, ...) { OPEN_MODE(flags) return open_recorded(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { OPEN_MODE(flags) return open_recorded(dir, name, flags, mode); }
int creat(const char *name, mode_t mode) { return open_recorded(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return open_recorded(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }

#define LOCKED_CHANGE(path_expression, call, on_success) \
    char buffer[PATH_MAX]; \
    if (!root_len) return call; \
    pthread_mutex_lock(&lock); \
    const char *path = path_expression; \
    if (path) maybe_kill(path); \
    int outcome = call; \
    int error = errno; \
    if (path && outcome == 0) on_success; \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return outcome

int ftruncate(int fd, off_t len) {
    REAL(ftruncate);
    LOCKED_CHANGE(of_fd(fd, buffer), real(fd, len), entry(TRUNCATE, 0, path, (uint64_t)len, 0, NULL, 0));
}

int ftruncate64(int fd, off64_t len) {
    REAL(ftruncate64);
    LOCKED_CHANGE(of_fd(fd, buffer), real(fd, len), entry(TRUNCATE, 0, path, (uint64_t)len, 0, NULL, 0));
}

int truncate64(const char *name, off64_t len) {
    REAL(truncate64);
    LOCKED_CHANGE(at_dir(AT_FDCWD, name, buffer), real(name, len), entry(TRUNCATE, 0, path, (uint64_t)len, 0, NULL, 0));
}

static void entry_rename(const char *from, const char *to) {
    const char *target = below(to);
    if (target) entry(RENAME, 0, from, 0, 0, target, (uint32_t)strlen(target));
    else entry(UNSUPPORTED, 0, from, 0, 0, "move out", 8);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    LOCKED_CHANGE(at_dir(AT_FDCWD, from, buffer), real(from, to), entry_rename(path, to));
}

int unlink(const char *name) {
    REAL(unlink);
    LOCKED_CHANGE(at_dir(AT_FDCWD, name, buffer), real(name), entry(UNLINK, 0, path, 0, 0, NULL, 0));
}

int unlinkat(int dir, const char *name, int flags) {
    REAL(unlinkat);
    LOCKED_CHANGE(at_dir(dir, name, buffer), real(dir, name, flags),
                  entry((flags & AT_REMOVEDIR) ? RMDIR : UNLINK, 0, path, 0, 0, NULL, 0));
}

int rmdir(const char *name) {
    REAL(rmdir);
    LOCKED_CHANGE(at_dir(AT_FDCWD, name, buffer), real(name), entry(RMDIR, 0, path, 0, 0, NULL, 0));
}

int mkdir(const char *name, mode_t mode) {
    REAL(mkdir);
    LOCKED_CHANGE(at_dir(AT_FDCWD, name, buffer), real(name, mode), entry(MKDIR, 0, path, 0, 0, NULL, 0));
}

#define RECORDED_SYNC(call) \
    char buffer[PATH_MAX]; \
    if (!root_len) return call; \
    pthread_mutex_lock(&lock); \
    const char *path = of_fd(fd, buffer); \
    uint64_t number = ++sync_number; \
    if (path) { \
        maybe_kill(path); \
        entry(SYNC_BEGIN, 0, path, number, 0, NULL, 0); \
    } \
    pthread_mutex_unlock(&lock); \
    int outcome = call; \
    int error = errno; \
    pthread_mutex_lock(&lock); \
    if (path && outcome == 0) entry(SYNC_END, 0, path, number, 0, NULL, 0); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return outcome

int fsync(int fd) {
    REAL(fsync);
    RECORDED_SYNC(real(fd));
}

int fdatasync(int fd) {
    REAL(fdatasync);
    RECORDED_SYNC(real(fd));
}

/* What a trace cannot describe. */

static void unsupported_fd(int fd, const char *what) {
    char buffer[PATH_MAX];
    pthread_mutex_lock(&lock);
    const char *path = of_fd(fd, buffer);
    if (path) entry(UNSUPPORTED, 0, path, 0, 0, what, (uint32_t)strlen(what));
    pthread_mutex_unlock(&lock);
}

static void unsupported_map(int fd, int protection, int flags) {
    char buffer[PATH_MAX];
    const char *path = (protection & PROT_WRITE) && (flags & MAP_SHARED) && fd >= 0 ? of_fd(fd, buffer) : NULL;
    /* LMDB's reader table: shared memory between processes, made anew by the first that opens it. */
    if (path && !strstr(path, "lock.mdb")) unsupported_fd(fd, "mmap");
}

void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset) {
    REAL(mmap);
    if (root_len) unsupported_map(fd, protection, flags);
    return real(address, len, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t len, int protection, int flags, int fd, off64_t offset) {
    REAL(mmap64);
    if (root_len) unsupported_map(fd, protection, flags);
    return real(address, len, protection, flags, fd, offset);
}

int fallocate(int fd, int mode, off_t offset, off_t len) {
    REAL(fallocate);
    unsupported_fd(fd, "fallocate");
    return real(fd, mode, offset, len);
}

int posix_fallocate(int fd, off_t offset, off_t len) {
    REAL(posix_fallocate);
    unsupported_fd(fd, "posix_fallocate");
    return real(fd, offset, len);
}

int sync_file_range(int fd, off64_t offset, off64_t len, unsigned int flags) {
    REAL(sync_file_range);
    unsupported_fd(fd, "sync_file_range");
    return real(fd, offset, len, flags);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t len, unsigned int flags) {
    REAL(copy_file_range);
    unsupported_fd(to, "copy_file_range");
    return real(from, from_offset, to, to_offset, len, flags);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned int flags) {
    REAL(renameat2);
    unsupported_fd(from_dir, "renameat2");
    return real(from_dir, from, to_dir, to, flags);
}
