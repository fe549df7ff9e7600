"""The synthetic ``/etc`` of a machine: enough for the shell, the resolver, iproute2 and the tools, and no more.

The host's own files are of no use: they name users that are not mapped, and tell about the host.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ACCOUNTS = (
    ("root", 0, "/root", "/bin/bash"),
    ("daemon", 1, "/usr/sbin", "/usr/sbin/nologin"),
    ("www-data", 33, "/var/www", "/usr/sbin/nologin"),
    ("tcpdump", 100, "/nonexistent", "/usr/sbin/nologin"),
    ("dnsmasq", 101, "/var/lib/misc", "/usr/sbin/nologin"),
    ("bind", 102, "/var/cache/bind", "/usr/sbin/nologin"),
    ("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
)

_GROUPS = (
    ("root", 0),
    ("daemon", 1),
    ("tty", 5),
    ("www-data", 33),
    ("tcpdump", 100),
    ("dnsmasq", 101),
    ("bind", 102),
    ("nogroup", 65534),
)

_SERVICES = """\
echo 7/tcp
echo 7/udp
discard 9/tcp
discard 9/udp
ftp 21/tcp
ssh 22/tcp
telnet 23/tcp
smtp 25/tcp
domain 53/tcp
domain 53/udp
bootps 67/udp
bootpc 68/udp
tftp 69/udp
http 80/tcp www
kerberos 88/tcp
kerberos 88/udp
pop3 110/tcp
sunrpc 111/tcp
sunrpc 111/udp
ntp 123/udp
imap2 143/tcp imap
snmp 161/udp
bgp 179/tcp
ldap 389/tcp
https 443/tcp
https 443/udp
syslog 514/udp
route 520/udp
rsync 873/tcp
mysql 3306/tcp
vxlan 4789/udp
mdns 5353/udp
postgresql 5432/tcp
http-alt 8080/tcp webcache
"""

_PROTOCOLS = """\
ip 0 IP
icmp 1 ICMP
igmp 2 IGMP
ipencap 4 IP-ENCAP
tcp 6 TCP
udp 17 UDP
dccp 33 DCCP
ipv6 41 IPv6
gre 47 GRE
esp 50 IPSEC-ESP
ah 51 IPSEC-AH
ipv6-icmp 58 IPv6-ICMP
ospf 89 OSPFIGP
sctp 132 SCTP
udplite 136 UDPLite
"""

_ETHERTYPES = """\
IPv4 0800 ip ip4
ARP 0806 ether-arp
802_1Q 8100 8021q 1q 802.1q dot1q
IPv6 86DD ip6
"""

_RT_TABLES = """\
255 local
254 main
253 default
0 unspec
"""

_FIXED = {
    "passwd": "".join(f"{name}:x:{uid}:{uid}:{name}:{home}:{shell}\n" for name, uid, home, shell in _ACCOUNTS),
    "group": "".join(f"{name}:x:{gid}:\n" for name, gid in _GROUPS),
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
    "services: files\nprotocols: files\nethers: files\nnetworks: files\n",
    "host.conf": "multi on\n",
    "services": _SERVICES,
    "protocols": _PROTOCOLS,
    "ethertypes": _ETHERTYPES,
    "networks": "loopback 127.0.0.0\nlink-local 169.254.0.0\n",
    "shells": "/bin/sh\n/bin/bash\n",
    "iproute2/rt_tables": _RT_TABLES,
}


def files(name: str, hosts: Mapping[str, str], resolver: str | None) -> dict[str, str]:
    """Paths below ``/etc`` and their content, for the machine ``name``."""
    own = f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n"
    others = "".join(f"{address} {host}\n" for host, address in hosts.items())
    return {
        **_FIXED,
        "hostname": f"{name}\n",
        "hosts": own + others,
        "resolv.conf": f"nameserver {resolver}\n" if resolver else "",
    }
