# Names as a sequencer writes them, in place of those that carry the truth: tiles of 100,000
# clusters, y rising, x at random.
NR % 4 == 1 {
    n = (NR - 1) / 4
    s = (s * 69069 + 1) % 4294967296
    printf "@A00123:45:HXXXXXXXX:1:%d:%d:%d 1:N:0:ATCACG\n", 1101 + int(n / 100000),
        1000 + s % 31000, 1000 + int((n % 100000) / 3)
    next
}
{ print }
