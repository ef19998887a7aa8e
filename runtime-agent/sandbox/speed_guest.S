# A machine that measures how fast it is: an image that QEMU starts by the PVH protocol, says "begin" on
# its serial port, goes round a loop, says "end" and leaves. Addresses are worked out here, so it
# needs no linker.
#if defined(__x86_64__)
#define BASE   0x100000
#define ROUNDS 3000000
#define AT(label) (BASE + (label - nemo_speed_guest))

        .section .rodata
        .balign 16
        .globl nemo_speed_guest, nemo_speed_guest_end
nemo_speed_guest:
        .byte 0x7f, 'E', 'L', 'F', 1, 1, 1, 0
        .skip 8
        .short 2, 3             # an executable, for the 386
        .long 1, AT(speed_start), headers - nemo_speed_guest, 0, 0
        .short headers - nemo_speed_guest, 32, 2, 0, 0, 0
headers:
        .long 1, 0, BASE, BASE  # loaded whole
        .long nemo_speed_guest_end - nemo_speed_guest, nemo_speed_guest_end - nemo_speed_guest, 7, 0x1000
        .long 4, note - nemo_speed_guest, AT(note), AT(note) # a note says where it begins
        .long note_end - note, note_end - note, 4, 4
note:
        .long 4, 4, 18          # "Xen", one word, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz "Xen"
        .long AT(speed_start)
note_end:

        .macro say text         # there is no stack to call with
        movl $AT(\text), %esi
        movw $0x3f8, %dx
0:      lodsb
        testb %al, %al
        jz   1f
        outb %al, %dx
        jmp  0b
1:
        .endm

        .code32
speed_start:
        cli
        cld
        say  begin_text
        movl $ROUNDS, %ecx
2:      incl 0x200000           # memory, a register and a branch each round
        decl %ecx
        jnz  2b
        say  end_text
        movw $0x501, %dx        # isa-debug-exit
        xorl %eax, %eax
        outb %al, %dx
3:      hlt
        jmp  3b
        .code64
begin_text:
        .asciz "begin\n"
end_text:
        .asciz "end\n"
nemo_speed_guest_end:
#endif
        .section .note.GNU-stack, "", @progbits
