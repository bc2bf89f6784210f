#!/usr/bin/perl
# A time service: GET /wall answers the time of the day, UTC, as HH:MM:SS; GET /health answers ok.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(strftime WNOHANG);

my $server = IO::Socket::INET->new(
    LocalAddr => $ENV{HOST} // '0.0.0.0',
    LocalPort => $ENV{PORT} // 8000,
    Listen    => 128,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";

# A container's first process gets no default action for SIGTERM.
my $stops = 0;
local $SIG{TERM} = sub { $stops = 1; close $server };
local $SIG{INT}  = $SIG{TERM};
local $SIG{CHLD} = sub { 1 while waitpid(-1, WNOHANG) > 0 };

until ($stops) {
    my $client = $server->accept or next;
    my $child = fork // next;
    next if $child;
    close $server;
    alarm 10;
    answer($client);
    exit;
}
1 while wait != -1;

# One request for a connection, which nginx is told by HTTP/1.0.
sub answer {
    my ($client) = @_;
    my $request = <$client> // return;
    while (defined(my $header = <$client>)) { last if $header =~ /^\r?\n$/ }
    my %pages = ('/health' => 'ok', '/wall' => strftime('%H:%M:%S', gmtime));
    my ($method, $path) = $request =~ m{^(\S+) ([^ ?]*)};
    my $body = $pages{ $path // '' };
    my $status = defined $body ? '200 OK' : '404 Not Found';
    $body = ($body // 'not found') . "\n";
    print {$client} "HTTP/1.0 $status\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\n",
        'Content-Length: ', length $body, "\r\n\r\n", ($method // '') eq 'HEAD' ? '' : $body;
    return;
}
