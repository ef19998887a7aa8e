# PVH entry: the loader leaves us in 32-bit protected mode without paging, with the address of the
# start information in ebx. From there to 64 bit mode with the first 4 GiB mapped as they are.
#define PRESENT_WRITABLE 0x3
#define HUGE_PAGE        0x83
#define NO_CACHE         0x18  /* write-through and cache-disable */
#define FIRST_DEVICE     1536  /* 2 MiB pages from 3 GiB on hold devices, not memory */
#define PAGES            2048

        .section .note.pvh, "a", @note
        .align 4
        .long 4, 4, 18          # "Xen", one word, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long start

        .section .text.start, "ax"
        .code32
        .globl start
start:
        cli
        cld
        movl $stack_top, %esp
        movl %ebx, %esi         # kept until main is called

        movl $page_tables, %edi
        leal 0x1000(%edi), %eax
        orl  $PRESENT_WRITABLE, %eax
        movl %eax, (%edi)       # level 4: one entry
        movl $4, %ecx
        leal 0x1000(%edi), %edx
1:      addl $0x1000, %eax
        movl %eax, (%edx)       # level 3: four entries
        addl $8, %edx
        loop 1b
        leal 0x2000(%edi), %edx
        xorl %ecx, %ecx
2:      movl %ecx, %eax
        shll $21, %eax
        orl  $HUGE_PAGE, %eax
        cmpl $FIRST_DEVICE, %ecx
        jb   3f
        orl  $NO_CACHE, %eax
3:      movl %eax, (%edx)       # level 2: all the pages
        addl $8, %edx
        incl %ecx
        cmpl $PAGES, %ecx
        jb   2b

        movl %edi, %cr3
        movl %cr4, %eax
        orl  $0x20, %eax        # physical address extension
        movl %eax, %cr4
        movl $0xc0000080, %ecx  # EFER
        rdmsr
        orl  $0x100, %eax       # long mode
        wrmsr
        movl %cr0, %eax
        orl  $0x80000001, %eax  # paging, protection
        movl %eax, %cr0
        lgdt descriptor_table_pointer
        ljmp $8, $in_long_mode

        .code64
in_long_mode:
        movw $16, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        xorl %ebp, %ebp
        movl %esi, %edi
        call kernel_main
4:      hlt
        jmp 4b

        .section .rodata
        .align 8
descriptor_table:
        .quad 0
        .quad 0x00af9a000000ffff # code, 64 bit
        .quad 0x00cf92000000ffff # data
descriptor_table_end:
descriptor_table_pointer:
        .word descriptor_table_end - descriptor_table - 1
        .long descriptor_table

        .bss
        .align 4096
page_tables:
        .skip 6 * 4096
        .align 16
        .skip 32768
stack_top:
        .section .note.GNU-stack, "", @progbits
