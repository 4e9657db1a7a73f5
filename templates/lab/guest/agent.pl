# Runs programs in the lab's guest kernel for the machine outside, over one serial line: many at once, in frames of
# (kind: 1 byte, number: 4 bytes, length: 4 bytes, content). Perl, since every Debian has it and it starts in a tenth of
# the time that Node needs in there.
#   in:  R run (folder, count of arguments, arguments, environment, by NUL)   C connect to a socket (path)
#        I input   E end of input   S send a signal (number)   K nobody waits any more: end it
#   out: Y ready (number 0)   A so many bytes were read (number 0)   O output   X errors   Z end (exit code)
use strict;
use warnings;
use POSIX qw(:sys_wait_h setsid);
use Socket;

my ($line_in, $line_out) = (\*STDIN, \*STDOUT);
my (%job, %by_handle, $buffer);
$buffer = '';
$SIG{PIPE} = 'IGNORE';
pipe(my $child_ended, my $tell_ended) or die;
$tell_ended->blocking(0);
$SIG{CHLD} = sub { syswrite $tell_ended, '.' };

sub put {
  my ($kind, $number, $content) = @_;
  my $bytes = pack('aNN', $kind, $number, length $content) . $content;
  for (my $at = 0; $at < length $bytes;) {
    my $written = syswrite $line_out, $bytes, length($bytes) - $at, $at;
    if (defined $written) { $at += $written }
    elsif (!$!{EINTR}) { off() }
  }
}

# Nobody is outside any more, or the line is broken: the guest has no reason to go on.
sub off {
  if (open my $trigger, '>', '/proc/sysrq-trigger') { syswrite $trigger, 'o' }
  sleep 60;
}

sub done {
  my ($number) = @_;
  my $one = $job{$number} or return;
  return if %{ $one->{open} } || !defined $one->{code};
  put('Z', $number, $one->{code});
  delete $job{$number};
}

sub forget {
  my ($number, $handle) = @_;
  delete $job{$number}{open}{ fileno $handle };
  delete $by_handle{ fileno $handle };
  close $handle;
}

sub run {
  my ($number, $content) = @_;
  my ($folder, $count, @rest) = split /\0/, $content, -1;
  my @argv = splice @rest, 0, $count;
  pipe(my $in_read, my $in_write) && pipe(my $out_read, my $out_write) && pipe(my $err_read, my $err_write) or die;
  my $pid = fork;
  if (!defined $pid) { return put('Z', $number, 126) }
  if ($pid == 0) {
    $SIG{$_} = 'DEFAULT' for qw(PIPE CHLD);
    setsid();
    open STDIN, '<&', $in_read;
    open STDOUT, '>&', $out_write;
    open STDERR, '>&', $err_write;
    close $_ for $in_write, $out_read, $err_read, $tell_ended, $child_ended;
    chdir $folder or chdir '/';
    %ENV = map { /^([^=]*)=(.*)$/s ? ($1, $2) : () } @rest;
    exec { $argv[0] } @argv or print STDERR "$argv[0]: $!\n";
    POSIX::_exit($!{ENOENT} ? 127 : 126);
  }
  close $_ for $in_read, $out_write, $err_write;
  $in_write->blocking(0);
  $job{$number} = { pid => $pid, input => $in_write, queue => '', open => {} };
  for ([ $out_read, 'O' ], [ $err_read, 'X' ]) {
    my ($handle, $kind) = @$_;
    $by_handle{ fileno $handle } = [ $number, $kind, $handle ];
    $job{$number}{open}{ fileno $handle } = 1;
  }
}

sub connect_to {
  my ($number, $path) = @_;
  socket(my $socket, AF_UNIX, SOCK_STREAM, 0) or return put('Z', $number, 1);
  connect($socket, pack_sockaddr_un($path)) or return put('Z', $number, 1);
  $socket->blocking(0);
  $job{$number} = { code => 0, input => $socket, queue => '', open => { fileno($socket) => 1 }, socket => 1 };
  $by_handle{ fileno $socket } = [ $number, 'O', $socket ];
}

# Writes what an input takes now; the rest waits.
sub feed {
  my ($one) = @_;
  my $handle = $one->{input} or return;
  while (length $one->{queue}) {
    my $written = syswrite $handle, $one->{queue};
    if (!defined $written) {
      return if $!{EAGAIN} || $!{EINTR};
      $one->{queue} = '';
      $one->{ended} = 1;
      last;
    }
    substr $one->{queue}, 0, $written, '';
  }
  if ($one->{ended}) {
    if ($one->{socket}) { shutdown $handle, 1 }
    else { close $handle }
    delete $one->{input};
  }
}

sub frame {
  my ($kind, $number, $content) = @_;
  return run($number, $content) if $kind eq 'R';
  return connect_to($number, $content) if $kind eq 'C';
  my $one = $job{$number} or return;
  if ($kind eq 'I') { $one->{queue} .= $content; feed($one) }
  elsif ($kind eq 'E') { $one->{ended} = 1; feed($one) }
  elsif ($kind eq 'S') { kill int $content, $one->{pid} if $one->{pid} && !defined $one->{code} }
  elsif ($kind eq 'K') {
    kill 'KILL', -$one->{pid} if $one->{pid};
    forget($number, $by_handle{$_}[2]) for grep { $by_handle{$_} } keys %{ $one->{open} };
    delete $job{$number} if defined $one->{code};
  }
}

put('Y', 0, '');
for (;;) {
  my ($read, $write) = ('', '');
  vec($read, $_, 1) = 1 for fileno $line_in, fileno $child_ended, keys %by_handle;
  for (values %job) { vec($write, fileno $_->{input}, 1) = 1 if $_->{input} && length $_->{queue} }
  next if select($read, $write, undef, undef) < 0;
  for my $one (values %job) { feed($one) if $one->{input} && vec($write, fileno $one->{input}, 1) }
  if (vec($read, fileno $child_ended, 1)) {
    sysread $child_ended, my $dots, 4096;
    while ((my $pid = waitpid -1, WNOHANG) > 0) {
      my $code = WIFSIGNALED($?) ? 128 + WTERMSIG($?) : WEXITSTATUS($?);
      for my $number (keys %job) {
        next unless ($job{$number}{pid} // 0) == $pid;
        $job{$number}{code} = $code;
        done($number);
      }
    }
  }
  for my $fd (grep { vec($read, $_, 1) } keys %by_handle) {
    my ($number, $kind, $handle) = @{ $by_handle{$fd} };
    my $got = sysread $handle, my $bytes, 32768;
    next if !defined $got && ($!{EAGAIN} || $!{EINTR});
    if ($got) { put($kind, $number, $bytes) }
    else { forget($number, $handle); done($number) }
  }
  if (vec($read, fileno $line_in, 1)) {
    my $got = sysread $line_in, $buffer, 32768, length $buffer;
    off() if defined $got ? $got == 0 : !$!{EINTR};
    put('A', 0, $got) if $got;
    while (length $buffer >= 9) {
      my ($kind, $number, $length) = unpack 'aNN', $buffer;
      last if length $buffer < 9 + $length;
      my $content = substr $buffer, 9, $length;
      substr $buffer, 0, 9 + $length, '';
      frame($kind, $number, $content);
    }
  }
}
