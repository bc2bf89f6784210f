module example.org/unix-clock

go 1.19
