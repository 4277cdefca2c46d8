// A program in Perl that calls itself haproxy, with any words instead of its own, as any process can; a worker that somebody took over, too.
export const pretending = `my @facts = split / /, do { local (@ARGV, $/) = "/proc/self/stat"; <> };
my ($from, $to) = @facts[47, 48];
open my $memory, "+<", "/proc/self/mem"; sysseek $memory, $from, 0;
my $words = join("\\0", "haproxy", @ARGV) . "\\0";
syswrite $memory, $words . "\\0" x ($to - $from - length $words);
open my $name, ">", "/proc/self/comm"; print $name "haproxy"; close $name;
sleep 600;
`;
