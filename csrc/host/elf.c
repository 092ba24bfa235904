/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a file an executable that this machine can run as a client? Said before
 * it is started, so that a mistake gets its own words.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/monitor.h"

#define MAX_HEADERS 256
#define MAX_NOTES 65536u
#define MAX_LOADER 256

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
    return offset < INT64_MAX &&
           pread(fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

static enum host_status check_header(const Elf64_Ehdr *header, const char *path,
                                     struct host_error *error)
{
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is no ELF executable: compile a client with"
                         " 'sel4emu cc'",
                         path);
    if (header->e_version == 0)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is truncated: it ends within its ELF header",
                         path);
    if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is for another machine (ELF class %u, machine %u):"
                         " clients are x86_64",
                         path, header->e_ident[EI_CLASS], header->e_machine);
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is an object file or core dump: link it first,"
                         " with 'sel4emu cc'",
                         path);
    if (header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phnum > MAX_HEADERS)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s has a damaged ELF header", path);
    return HOST_OK;
}

/* Look for our note in `size` bytes of notes. */
static bool find_note(const char *notes, size_t size, struct sel4emu_note *ret)
{
    size_t at = 0;

    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        size_t name, desc;

        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        name = ((size_t)note.n_namesz + 3) & ~3ul;
        desc = ((size_t)note.n_descsz + 3) & ~3ul;
        if (name > size - at || desc > size - at - name)
            return false;
        if (note.n_type == SEL4EMU_NOTE_TYPE &&
            note.n_namesz == sizeof(SEL4EMU_NOTE_NAME) &&
            memcmp(notes + at, SEL4EMU_NOTE_NAME, note.n_namesz) == 0 &&
            note.n_descsz == sizeof(*ret)) {
            memcpy(ret, notes + at + name, sizeof(*ret));
            return true;
        }
        at += name + desc;
    }
    return false;
}

static bool read_program_header(int fd, const Elf64_Ehdr *header, unsigned i,
                                Elf64_Phdr *ret)
{
    return read_at(fd, ret, sizeof(*ret), header->e_phoff + i * sizeof(*ret));
}

static bool read_note(int fd, const Elf64_Ehdr *header,
                      struct sel4emu_note *ret)
{
    static __thread char notes[MAX_NOTES];
    Elf64_Phdr program;

    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (!read_program_header(fd, header, i, &program))
            return false;
        if (program.p_type == PT_NOTE && program.p_filesz <= sizeof(notes) &&
            read_at(fd, notes, program.p_filesz, program.p_offset) &&
            find_note(notes, program.p_filesz, ret))
            return true;
    }
    return false;
}

/* The dynamic loader, if it has one: Linux calls its absence "no such file",
 * as if the program itself were missing. */
static enum host_status check_loader(int fd, const Elf64_Phdr *program,
                                     const char *path, struct host_error *error)
{
    char loader[MAX_LOADER] = "";

    if (program->p_filesz < sizeof(loader) &&
        read_at(fd, loader, program->p_filesz, program->p_offset) &&
        access(loader, F_OK) == 0)
        return HOST_OK;
    return host_fail(error, HOST_BAD_EXECUTABLE,
                     "%s asks for the dynamic loader '%s', which is not there:"
                     " link it on this system, or with -static",
                     path, loader);
}

/* Is all of it there? */
static enum host_status check_segments(int fd, const Elf64_Ehdr *header,
                                       const char *path, uint64_t size,
                                       struct host_error *error)
{
    Elf64_Phdr program;

    for (unsigned i = 0; i < header->e_phnum; i++) {
        enum host_status status = HOST_OK;

        if (!read_program_header(fd, header, i, &program) ||
            program.p_filesz > size || program.p_offset > size ||
            program.p_offset + program.p_filesz > size)
            return host_fail(error, HOST_BAD_EXECUTABLE,
                             "%s is truncated or damaged: the file ends at byte"
                             " %lu, before its segments do",
                             path, size);
        if (program.p_type == PT_INTERP)
            status = check_loader(fd, &program, path, error);
        if (status != HOST_OK)
            return status;
    }
    return HOST_OK;
}

static enum host_status check_note(const struct sel4emu_note *note, bool mcs,
                                   const char *path, struct host_error *error)
{
    if (note->abi_version != SEL4EMU_ABI_VERSION)
        return host_fail(error, HOST_BAD_VERSION,
                         "%s was linked against version %u of sel4emu's client"
                         " library, this is version %u: compile it again",
                         path, note->abi_version, SEL4EMU_ABI_VERSION);
    if (note->kind != NOTE_HOSTED)
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is a root task, not a client", path);
    if ((note->mcs != 0) != mcs)
        return host_fail(error, HOST_BAD_VERSION,
                         "%s was compiled for the %s kernel, this machine runs"
                         " the %s one: %s",
                         path, note->mcs ? "MCS" : "classic",
                         mcs ? "MCS" : "classic",
                         mcs ? "compile it with 'sel4emu cc --mcs'"
                             : "make the machine with mcs=True, or compile it "
                               "without --mcs");
    return HOST_OK;
}

static enum host_status check_file(int fd, const char *path, bool mcs,
                                   struct host_error *error)
{
    enum host_status status;
    struct sel4emu_note note;
    Elf64_Ehdr header;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return host_fail_errno(error, "%s", path);
    if (!S_ISREG(st.st_mode))
        return host_fail(error, HOST_BAD_EXECUTABLE, "%s is no regular file",
                         path);
    /* What a short file lacks stays 0, which no machine is. */
    memset(&header, 0, sizeof(header));
    if (pread(fd, &header, sizeof(header), 0) < 0)
        return host_fail_errno(error, "%s", path);
    status = check_header(&header, path, error);
    if (status == HOST_OK)
        status = check_segments(fd, &header, path, (uint64_t)st.st_size, error);
    if (status != HOST_OK)
        return status;
    if (!read_note(fd, &header, &note))
        return host_fail(error, HOST_BAD_EXECUTABLE,
                         "%s is not linked with sel4emu's libsel4: compile it"
                         " with 'sel4emu cc'",
                         path);
    return check_note(&note, mcs, path, error);
}

enum host_status elf_check_client(const char *path, bool mcs,
                                  struct host_error *error)
{
    enum host_status status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        status = host_fail_errno(error, "%s", path);
        return errno == ENOENT || errno == ENOTDIR ? HOST_NOT_FOUND : status;
    }
    status = check_file(fd, path, mcs, error);
    close(fd);
    if (status == HOST_OK && access(path, X_OK) != 0)
        return host_fail_errno(error, "%s", path);
    return status;
}
