#!/usr/bin/perl
# nft for a kernel whose nf_tables was built without the families ip, inet and netdev (Debian's user-mode Linux): sets
# the rules that hybridctl renders, and those of "lab cut", as the same rules of iptables. It refuses what it does not
# know. What iptables can't do is left out and said on stderr.
use strict;
use warnings;

my $state = '/dev/guest/nft';
mkdir $state;
my ($space) = readlink('/proc/self/ns/net') =~ /(\d+)/;
$state .= "/$space";
mkdir $state;

sub fail { print STDERR "nft (as iptables): $_[0]\n"; exit 1 }

sub restore {
  my (%lines) = @_;
  open my $to, '|-', 'iptables-legacy-restore', '--noflush' or fail("iptables-legacy-restore: $!");
  for my $table (sort keys %lines) { print $to "*$table\n", @{ $lines{$table} }, "COMMIT\n" }
  close $to or fail('iptables-legacy-restore refused it');
}

# A table of nft's is a file: a line for each of its chains, with the table and the built-in chain it hangs on.
sub file_of { my ($family, $name) = @_; return "$state/$family.$name" }
sub remove {
  my ($family, $name) = @_;
  my $file = file_of($family, $name);
  open my $from, '<', $file or return 0;
  my %lines;
  for (<$from>) {
    my ($table, $builtin, $chain) = split;
    push @{ $lines{$table} }, "-D $builtin -j $chain\n", "-F $chain\n", "-X $chain\n";
  }
  close $from;
  restore(%lines) if %lines;
  unlink $file;
  return 1;
}

my %PLACES = (
  'filter forward mangle' => [ 'mangle', 'FORWARD' ],
  'filter prerouting mangle' => [ 'mangle', 'PREROUTING' ],
  'filter postrouting mangle' => [ 'mangle', 'POSTROUTING' ],
  'nat prerouting -100' => [ 'nat', 'PREROUTING' ],
  'nat output -100' => [ 'nat', 'OUTPUT' ],
  'nat postrouting srcnat' => [ 'nat', 'POSTROUTING' ],
  'filter ingress 0' => [ 'raw', 'PREROUTING' ],
);

my @KNOWN = (
  [ qr/([io])ifname (!= )?"([^"]+)"/, sub { ($_[1] ? '! ' : '') . "-$_[0] $_[2]" } ],
  [ qr/ip ([sd])addr (?:\{ ([^}]+) \}|([0-9.\/]+))/, sub { "-$_[0] " . join ',', split /, ?/, $_[1] // $_[2] } ],
  [ qr/ip protocol esp/, sub { '-p esp' } ],
  [ qr/(udp|tcp) ([sd])port (\d+)/, sub { "-p $_[0] -m $_[0] --$_[1]port $_[2]" } ],
  [ qr/icmp type echo-request/, sub { '-p icmp -m icmp --icmp-type 8' } ],
  [ qr/ip length (\d+)/, sub { "-m length --length $_[0]" } ],
  [ qr/meta length > (\d+)/, sub { '-m length --length ' . ($_[0] + 1) . ':65535' } ],
  [ qr/ct status dnat/, sub { '-m conntrack --ctstate DNAT' } ],
  [ qr/tcp flags & \(syn \| rst\) == syn/, sub { '-p tcp -m tcp --tcp-flags SYN,RST SYN' } ],
  # ESP in UDP: the four bytes after the UDP header are not zero.
  [ qr/\@th,64,32 != 0/, sub { '-m u32 ! --u32 "0>>22&0x3C@8=0x0"' } ],
  [ qr/numgen random mod 10000 < (\d+)/, sub { '-m statistic --mode random --probability ' . $_[0] / 10000 } ],
  [ qr/tcp option maxseg size set (\d+)/, sub { "-j TCPMSS --set-mss $_[0]" } ],
  [ qr/([sd])nat to ([0-9.]+)/, sub { $_[0] eq 's' ? "-j SNAT --to-source $_[1]" : "-j DNAT --to-destination $_[1]" } ],
  [ qr/drop/, sub { '-j DROP' } ],
);

sub translate {
  my ($rule, $device) = @_;
  my $rest = $rule;
  my @parts = $device eq '' ? () : "-i $device";
  RULE: while ($rest =~ /\S/) {
    for (@KNOWN) {
      my ($shape, $make) = @$_;
      next unless $rest =~ s/^\s*$shape(?=\s|$)//;
      push @parts, $make->($1, $2, $3);
      next RULE;
    }
    fail("does not know: $rest");
  }
  return join ' ', @parts;
}

sub load {
  my ($text) = @_;
  $text =~ s/#.*//g;
  my $left_out = 0;
  while ($text =~ /\S/) {
    if ($text =~ s/^\s*delete table (\w+) (\w+)//) { remove($1, $2); next }
    if ($text =~ s/^\s*table \w+ \w+\n//) { next }
    $text =~ s/^\s*table (\w+) (\w+) \{// or fail('does not know: ' . substr $text, 0, 60);
    my ($family, $name) = ($1, $2);
    my (%lines, @kept);
    while ($text =~ s/^\s*chain ([\w-]+) \{//) {
      my $chain = $1;
      $text =~ s/^\s*type (\w+) hook (\w+)(?: device "([^"]+)")? priority ([\w-]+);(?: policy accept;)?//
        or fail("chain $chain has no hook");
      my ($kind, $hook, $device, $priority) = ($1, $2, $3 // '', $4);
      my $place = $PLACES{"$kind $hook $priority"} or fail("does not know the hook $kind $hook $priority");
      my ($table, $builtin) = @$place;
      # At most 28 characters: the end tells one cut from another.
      my $own = substr("$name-$chain", -28);
      my @rules;
      while ($text =~ s/^\s*([^\s}][^\n]*)\n//) {
        my $rule = $1;
        if ($rule =~ /frag-off set 0/) { $left_out = 1; next }
        push @rules, "-A $own " . translate($rule, $device) . "\n";
      }
      $text =~ s/^\s*\}// or fail("chain $chain does not end");
      next unless @rules;
      push @{ $lines{$table} }, ":$own - [0:0]\n", "-A $builtin -j $own\n", @rules;
      push @kept, "$table $builtin $own\n";
    }
    $text =~ s/^\s*\}// or fail("table $name does not end: " . substr $text, 0, 60);
    restore(%lines) if %lines;
    open my $to, '>>', file_of($family, $name) or fail("$state: $!");
    print $to @kept;
    close $to;
  }
  print STDERR "nft (as iptables): left out: iptables can't clear DF\n" if $left_out;
}

my @args = @ARGV;
if (@args == 2 && $args[0] eq '-f') {
  local $/;
  my $from = \*STDIN;
  if ($args[1] ne '-') { undef $from; open $from, '<', $args[1] or fail("$args[1]: $!") }
  load(scalar <$from>);
} elsif ("@args" =~ /^delete table (\w+) (\w+)$/) {
  remove($1, $2) or fail("no table $1 $2");
} elsif ("@args" =~ /^list table (\w+) (\w+)$/) {
  -e file_of($1, $2) or fail("no table $1 $2");
  print "table $1 $2\n";
} elsif ("@args" eq 'list tables') {
  for (sort glob "$state/*") { print "table $1 $2\n" if m{([^/.]+)\.([^/]+)$} }
} else {
  fail("does not know: @args");
}
