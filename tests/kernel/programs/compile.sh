#!/bin/sh
# gcc: preprocessor, compiler, assembler, linker, an archive, and the program itself.
set -eu
cat > part.c << 'END'
#include <stdio.h>
int part(int n) { return printf("part %d\n", n); }
END
cat > main.c << 'END'
int part(int);
int main(void) { return part(42) == 8 ? 5 : 1; }
END
gcc -O2 -pipe -c part.c
ar rcs libpart.a part.o
gcc -O2 -o program main.c -L. -lpart
gcc -x c -fsyntax-only - << 'END' 2> errors || echo refused
int f( { }
END
exec ./program
