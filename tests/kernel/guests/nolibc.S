/* A program of two calls, write and exit_group, in assembly without any library. */
	.globl _start
	.text
_start:
	mov $1, %eax
	mov $1, %edi
	lea text(%rip), %rsi
	mov $10, %edx
	syscall
	mov $231, %eax
	mov $35, %edi
	syscall
	hlt
	.section .rodata
text:	.ascii "assembled\n"
	.section .note.GNU-stack,"",@progbits
