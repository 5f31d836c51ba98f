// The commands of POSIX systems and of Windows by what must stand behind them before they prove anything.

function setOf(...lines: string[]): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => line.split(' ')));
}

/** Ask the machine about itself; nobody writes them alone behind a separator but to see the answer. */
export const ASKING: ReadonlySet<string> = setOf(
  'reboot halt poweroff ls whoami uname ifconfig netstat pwd printenv lsof lscpu lsblk lsb_release dmesg getent uptime vmstat iostat',
  'hostnamectl ipconfig systeminfo tasklist driverquery bcdedit quser getmac qwinsta hostid logname tty nproc lsmod lspci mount ss df du arp cmdlet',
);

/** The same, but so short or so common that a list of column names may hold them. */
export const SHORT: ReadonlySet<string> = setOf(
  'id date hostname ps env w ip dir ver set sh bash zsh ksh who last groups exit dmesg rev users finger tree vol assoc',
);

/** Take a program as an argument. */
export const INTERPRETERS: ReadonlySet<string> = setOf(
  'sh bash zsh ksh dash csh tcsh ash fish busybox luajit tclsh python python2 python3 perl ruby php node nodejs lua tclsh awk',
  'gawk mawk rscript osascript deno bun powershell pwsh cmd cscript wscript mshta rundll32 regsvr32 msbuild',
  'installutil',
);

/** POSIX commands, known in lower case only, because the systems that have them tell a from A. */
export const POSIX: ReadonlySet<string> = setOf(
  'cat tac nl head tail more less rev od xxd hexdump strings sort uniq cut paste join tr sed grep egrep fgrep',
  'zgrep zcat bzcat xzcat find locate which whereis file stat wc tee cp mv rm rmdir mkdir touch ln link unlink',
  'shred dd chmod chown chgrp chattr umask mknod mkfifo mktemp install truncate split tar gzip gunzip bzip2 xz',
  'zip unzip 7z cpio base32 base64 md5sum sha256sum openssl gpg curl wget fetch lynx links aria2c nc ncat netcat',
  'socat telnet ssh scp sftp rsync ftp tftp ping ping6 traceroute tracepath mtr dig host nslookup nmap tcpdump',
  'iptables nft route whois hostname who last lastlog finger groups date cal sleep timeout time watch at batch',
  'crontab nohup setsid nice kill killall pkill pgrep top htop free su sudo doas passwd useradd usermod userdel',
  'adduser groupadd visudo chroot systemctl service journalctl reboot shutdown halt poweroff init echo printf',
  'read eval exec source export unset alias test true false yes seq expr bc xargs env script screen tmux expect',
  'ed vi vim nano emacs view man diff cmp comm patch gcc cc make gdb strace ltrace git svn docker kubectl apt',
  'apt-get yum dnf apk pip pip3 npm npx gem cargo go mysql mysqldump psql sqlite3 redis-cli mongo mail sendmail',
  'logger wall write type command builtin cd history jobs fg bg wait trap ulimit column fold fmt pr shuf iconv',
  'look uuencode dpkg rpm fdisk service blkid sysctl modprobe ufw iwconfig arping getfacl setfacl chpasswd chage lastb snap',
  'usleep killall5 unshare stdbuf flock aws gcloud hping3 cpulimit parallel coproc declare let mapfile readarray dirname arch',
  'java gcc python2 getent groups users exit passwd lsattr pstree pidof tree',
);

const verbs =
  'get set new start stop invoke write add remove out test import export copy move rename enable disable restart convertto';
const nouns =
  'process service childitem item content wmiobject ciminstance host output sleep expression webrequest restmethod command job file string path location eventlog hotfix computerinfo acl netipaddress nettcpconnection localuser localgroup localgroupmember aduser adcomputer addomain executionpolicy scheduledtask clipboard type itemproperty pssession wmimethod securestring json';

/** PowerShell's commands, by verb and noun. */
export const CMDLETS: ReadonlySet<string> = new Set(
  verbs.split(' ').flatMap((verb) => nouns.split(' ').map((noun) => `${verb}-${noun}`)),
);

/** Windows commands, in any case. */
export const WINDOWS: ReadonlySet<string> = setOf(
  'new-object driverquery fsutil control explorer calc notepad mspaint gc gci gps gwmi pushd popd setlocal cmdkey auditpol klist whoami for if',
  'dir type copy xcopy robocopy move del erase ren rename rd md mkdir rmdir attrib icacls cacls takeown find',
  'findstr more sort fc comp echo set setx start call ping pathping tracert nslookup netsh net net1 nbtstat',
  'route arp ipconfig netstat whoami hostname systeminfo tasklist taskkill schtasks at sc reg regedit wmic',
  'wevtutil vssadmin bcdedit diskpart format chkdsk cipher certutil bitsadmin curl ftp tftp telnet query quser',
  'qwinsta runas shutdown timeout sleep waitfor forfiles where assoc ftype nltest dsquery gpresult msiexec',
  'esentutl expand makecab compact subst tree ver vol invoke-expression iex invoke-webrequest iwr',
  'invoke-restmethod irm get-content get-childitem get-process start-process new-object start-sleep set-content',
  'out-file get-wmiobject add-type',
);

/** Options that hand an interpreter its program, start it as a terminal, or hide it. */
export const PROGRAM_OPTIONS: ReadonlySet<string> = setOf(
  '-c -e -r -i -lc -ic -ne -pe /c /k -enc -en -ec -encodedcommand -command -nop -noprofile -ep -windowstyle -noni',
  '-noninteractive -exec --eval',
);

/** Commands for which a bare number is an argument as good as a path. */
export const COUNTING: ReadonlySet<string> = setOf('sleep timeout ping kill chmod start-sleep seq expr');

/** Run the command that is their argument. */
export const RUNNERS: ReadonlySet<string> = setOf(
  'sudo doas exec eval env nohup setsid timeout nice time xargs command builtin busybox which script watch unshare parallel flock strace coproc stdbuf',
);

/** Names that prose does not have, so that even a plain word behind them is an argument. */
export const TECHNICAL: ReadonlySet<string> = setOf(
  'killall pkill nslookup wget curl userdel useradd usermod chattr mkfifo crontab systemctl whois rmdir mkdir traceroute',
  'tcpdump nmap tracert taskkill schtasks certutil bitsadmin su passwd ssh scp dd kubectl docker crontab cscript wscript',
  'ln tac gcc vim usleep killall5 strace unshare stdbuf redis-cli hping3 getent luajit tclsh',
  'rundll32 regsvr32 mshta gawk dig sleep telnet socat openssl ifconfig printenv chown ncat chmod chgrp mv dpkg fdisk iptables rpm mkfifo',
  'cmdlet copy attrib chpasswd adduser sysctl modprobe nslookup xxd base64 unlink mysqldump psql setfacl apt apt-get yum pkill pgrep',
);

/** What administrators' commands are asked to do. */
export const VERBS: Readonly<Record<string, ReadonlySet<string>>> = {
  net: setOf('user users localgroup group view share use accounts config start stop'),
  reg: setOf('query add delete save export'),
  sc: setOf('query create config delete stop start qc'),
  wmic: setOf('process os useraccount product service qfe computersystem startup share'),
  netsh: setOf('advfirewall firewall wlan interface int'),
  ps: setOf('aux auxw auxww ax ef'),
  ip: setOf('a addr address route link neigh'),
  route: setOf('print add delete'),
  query: setOf('user session process termserver'),
  vssadmin: setOf('list create delete'),
  fsutil: setOf('fsinfo usn file volume'),
  wevtutil: setOf('cl qe el gl'),
  start: setOf('calc calc.exe cmd cmd.exe notepad notepad.exe powershell mspaint iexplore /b'),
  for: setOf('/f /l /d /r'),
  if: setOf('exist defined'),
  attrib: setOf('+h -h +s -s +r -r'),
  runas: setOf('/user'),
  docker: setOf('ps exec images inspect logs cp'),
  kubectl: setOf('get exec describe apply cp logs'),
};

/** Commands of developers that harm nobody by their mere options, so that documentation is full of their chains. */
export const MILD: ReadonlySet<string> = setOf(
  'echo git npm npx yarn pnpm pip pip3 make cargo go mvn gradle brew cd grep egrep fgrep sort head tail uniq wc cut tr sed awk',
  'cmdlet apt apt-get apk dnf yum pacman brew bundle composer gem xargs jq tee column journalctl systemctl docker kubectl node python python3 php ruby export set source mkdir touch tar du df ps',
);

/** PowerShell's commands that run the text in brackets behind them. */
export const EVALUATING: ReadonlySet<string> = setOf('iex invoke-expression');

/** Words of the shell's grammar behind which a command stands. */
export const KEYWORDS: ReadonlySet<string> = setOf('if then else elif do while until');

/** Commands of Windows whose switches are words: `whoami /all`. */
export const SWITCHED: ReadonlySet<string> = setOf(
  'whoami ipconfig systeminfo tasklist taskkill schtasks nltest bcdedit icacls takeown gpresult wevtutil findstr',
  'xcopy robocopy wmic netstat shutdown msiexec regsvr32',
);

/** Names in HTML, such as &copy; and &reg;, that commands bear as well. */
export const ENTITIES: ReadonlySet<string> = setOf('copy reg sc dd ne set comp top rd sort cap wr nl or');

/** The first folders of a POSIX system's absolute paths. */
export const ROOTS: ReadonlySet<string> = setOf(
  'bin sbin usr etc tmp var dev proc home root opt srv mnt sys run boot lib',
);

/** Parts of paths that nobody but an intruder hands a command. */
export const SECRETS: readonly string[] = [
  ...[
    '/etc/passwd',
    '/etc/shadow',
    '/etc/group',
    '/etc/hosts',
    '/etc/issue',
    '/etc/sudoers',
    '/proc/self',
    '/proc/version',
  ],
  ...[
    '/dev/tcp/',
    '/dev/udp/',
    'win.ini',
    'boot.ini',
    'id_rsa',
    '.ssh/',
    '.bash_history',
    '/windows/system32',
    '\\windows\\system32',
  ],
];
