/* A 32-bit program of int 0x80 and sysenter through the vDSO, in assembly without any library. */
	.globl _start
	.text
_start:
	/* The vDSO's entry is in the auxiliary vector, AT_SYSINFO, behind the environment. */
	mov %esp, %esi
	mov (%esi), %ecx
	lea 8(%esi, %ecx, 4), %esi
1:	lodsl
	test %eax, %eax
	jnz 1b
2:	lodsl
	mov %eax, %edx
	lodsl
	cmp $32, %edx
	je 3f
	test %edx, %edx
	jnz 2b
	mov $1, %eax
	mov $96, %ebx
	int $0x80
3:	mov %eax, %edi
	/* write by int 0x80, getpgrp and exit_group by the vDSO. */
	mov $4, %eax
	mov $1, %ebx
	mov $text, %ecx
	mov $13, %edx
	int $0x80
	mov $65, %eax
	call *%edi
	mov $252, %eax
	mov $36, %ebx
	call *%edi
	hlt
	.section .rodata
text:	.ascii "assembled 32\n"
	.section .note.GNU-stack,"",@progbits
