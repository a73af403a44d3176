package conform

import "slices"

// catalogueOperation is what both dialects share: difficulty, latency,
// robustness, security and operation.
func catalogueOperation() []Check {
	return slices.Concat(catalogueVardiff(), catalogueLatency(), catalogueRobustness(), catalogueSecurity(), catalogueLedger())
}

func catalogueVardiff() []Check {
	return []Check{
		def("VD-BOUND-01", Must, Safety, "declared load", "vardiff", "The difficulty stays within the configured bounds and the network's.", "the targets before and after a retarget"),
		def("VD-BOUND-02", Must, Safety, "load", "vardiff", "The difficulty is at least 1 and has a target.", "the targets before and after a retarget"),
		def("VD-BOUND-03", Must, Safety, "declared load", "vardiff", "A fixed difficulty never changes.", "hundreds of shares"),
		def("VD-CONV-01", Should, Safety, "declared load", "vardiff", "From a hundredth of the right difficulty, nine of ten runs settle within 40 share intervals.", "at least 200 runs"),
		def("VD-CONV-02", Should, Safety, "declared load", "vardiff", "From a hundred times the right difficulty, nine of ten runs settle within 40 share intervals.", "at least 200 runs"),
		def("VD-STEP-01", Should, Safety, "declared load", "vardiff overload", "A tenfold rise of hashrate is followed within 20 share intervals, and costs no shares.", "a step up"),
		def("VD-STEP-02", Should, Safety, "declared load", "vardiff", "A tenfold fall of hashrate is followed within 40 share intervals.", "a step down"),
		def("VD-STEP-03", Must, Safety, "declared", "vardiff bans", "A miner that stops sees its difficulty fall to the floor, is not banned, and can return.", "a long pause"),
		def("VD-OVER-01", Should, Safety, "declared load", "vardiff", "Nine of ten runs overshoot by no more than 2.5 times.", "the highest difficulty after a step"),
		def("VD-STEADY-01", Should, Safety, "declared load", "vardiff wrong-hashrate", "The settled share rate is within 15 percent of the declared one.", "at least 385 shares"),
		def("VD-STEADY-02", Should, Safety, "declared load", "vardiff", "A settled session has at most ten retargets per hundred shares.", "a steady miner"),
		def("VD-STEADY-03", Should, Safety, "declared load", "vardiff", "The difficulty does not swing to and fro.", "autocorrelation of a steady run"),
		def("VD-CREDIT-01", Must, Safety, "ledger", "wrong-credit", "A share is credited with the difficulty of its job.", "the ledger"),
		def("VD-CREDIT-02", Must, Safety, "ledger", "wrong-credit rejects-after-retarget", "Over many retargets the credit equals the work.", "credit against expected work"),
		def("VD-CREDIT-03", Must, Safety, "ledger", "wrong-credit", "Leaving before the first retarget earns no more than the work done.", "short sessions"),
		def("VD-STAT-01", Should, Safety, "ledger", "wrong-hashrate vardiff", "Refused shares raise neither the shown hashrate nor the difficulty.", "a run of low shares"),
		def("VD-STAT-02", Should, Safety, "ledger declared load", "wrong-hashrate", "The shown hashrate lies in the 99 percent interval around the true one.", "the pool's statistics"),
		def("VD-FLIGHT-01", Must, Safety, "load", "rejects-after-retarget", "Shares on their way when the difficulty rises are accepted.", "late shares of the older job"),
		def("VD-RECON-01", Should, Safety, "load", "vardiff", "A quick reconnect goes on near the last difficulty.", "the first target after it"),
		def("VD-CLOCK-01", Must, Safety, "clock", "vardiff", "A jump of the clock by an hour neither stalls the difficulty nor lets it explode.", "a stepped clock"),
		def("VD-SUBSEC-01", Must, Safety, "load", "vardiff crash", "A hundred shares in a second leave a finite difficulty.", "a burst"),
		def("VD-PROXY-01", Should, Safety, "declared load", "vardiff", "A session that carries a hundred miners settles too.", "a step of a hundred times"),
	}
}

func catalogueLatency() []Check {
	return []Check{
		def("LAT-JOB-01", Should, Safety, "node load", "late-jobs", "From tip to first job the 99th percentile is within the limit.", "many new blocks"),
		def("LAT-JOB-02", Should, Safety, "node load", "late-jobs", "Over a thousand sessions the 99th percentile of the spread is at most 50 ms on loopback.", "arrival times"),
		def("LAT-JOB-03", Must, Safety, "node load", "late-jobs", "Every one of many sessions has new work within five seconds.", "arrival times"),
		def("LAT-JOB-04", Info, Safety, "node load", "late-jobs", "How far the order of connecting decides who gets work first.", "rank correlation"),
		def("LAT-JOB-05", Should, Safety, "node declared", "late-jobs", "A notification that is lost is made good by polling.", "a tip without notification"),
		def("LAT-SUB-01", Should, Safety, "load", "overload", "At half capacity answers to shares stay close to the time of a hash.", "an open-loop load"),
		def("LAT-SUB-02", Should, Safety, "node load", "overload late-jobs", "Share load does not hold up jobs.", "job latency with and without load"),
		def("LAT-SUB-03", Must, Safety, "load", "overload", "Overload is shed or queued within a bound, and over soon after the load ends.", "more than capacity"),
		def("LAT-TCP-01", Should, Safety, "load", "overload", "Answers do not wait for delayed acknowledgements.", "a step of 40 ms in the histogram"),
	}
}

func catalogueRobustness() []Check {
	return []Check{
		def("ROB-JSON-01", Must, Safety, "", "crash", "Text that is no JSON gets an error or a closed connection; the other sessions go on.", "broken lines beside a healthy session"),
		def("ROB-JSON-02", Must, Safety, "", "crash", "Invalid UTF-8 in a string does not stop the pool and never comes back raw.", "bytes that are no UTF-8"),
		def("ROB-JSON-03", Must, Safety, "", "crash overload", "Deep nesting, endless numbers and masses of keys are answered or closed in bounded time.", "100,000 brackets, digits and keys"),
		def("ROB-JSON-04", Should, Safety, "", "crash", "Repeated keys, null params and batches are treated alike each time.", "each of them twice"),
		def("ROB-JSON-05", Must, Safety, "", "crash", "JSON that is no object is survived.", "1, [], \"x\" and null"),
		def("ROB-LINE-01", Must, Safety, "", "crash", "A line without end is refused or closed.", "up to 64 MiB without a line feed"),
		def("ROB-LINE-02", Must, Safety, "", "login-fails", "A long but legal line is accepted.", "a login of 4,000 bytes"),
		def("ROB-LINE-03", Should, Safety, "", "disconnects", "The limit is one line's, not that of a burst of lines.", "a thousand lines at once"),
		def("ROB-SLOW-01", Must, Safety, "declared wait", "overload", "A client that never finishes its login is closed in time.", "a byte now and then"),
		def("ROB-SLOW-02", Must, Safety, "node load", "overload late-jobs", "A client that does not read is removed, and the others notice nothing.", "a non-reader beside healthy sessions"),
		def("ROB-SLOW-03", Must, Safety, "load probe", "crash", "Many non-readers cost at most 256 KiB each.", "memory"),
		def("ROB-HALF-01", Must, Safety, "", "good-shares-rejected", "A client that closes its sending side after a request still gets the answer, then the end.", "half-close behind a submit"),
		def("ROB-HALF-02", Must, Safety, "declared wait", "overload", "A peer that vanished is removed within the idle limit.", "a black-holed connection"),
		def("ROB-HALF-03", Should, Safety, "load probe", "crash", "A reset in mid-line frees everything.", "descriptors and threads"),
		def("ROB-STORM-01", Must, Safety, "load", "overload crash", "A thousand miners that reconnect at once are all served.", "a reconnect storm"),
		def("ROB-STORM-02", Should, Safety, "load probe", "crash", "A hundred thousand connections leave nothing behind.", "descriptors and heap"),
		def("ROB-STORM-03", Should, Safety, "declared load", "overload", "Limits on connections are kept by an error or a close.", "more than the limit"),
		def("ROB-NODE-01", Must, Safety, "node", "late-jobs crash", "When the node fails, sessions stay and new work comes once it is back.", "the node answers errors, then finds a block"),
		def("ROB-NODE-02", Must, Safety, "node", "late-jobs blocks-lost", "A reorganisation gives jobs on the new tip.", "the node replaces its tip"),
		def("ROB-NODE-03", Must, Safety, "node", "good-shares-rejected", "A change of the network's difficulty takes effect at the height where it does on the chain.", "shares that solve a block on one side of the height alone"),
	}
}

func catalogueSecurity() []Check {
	return []Check{
		def("SEC-BAN-01", Should, Safety, "load", "bans", "Many invalid shares lead to a ban or throttle; five in a hundred do not.", "two miners"),
		def("SEC-BAN-02", Must, Safety, "", "bans disconnects", "One malformed or repeated share does not get an address banned.", "one of each, then a login"),
		def("SEC-BAN-03", Should, Safety, "declared load", "bans", "A good session behind a banned address is treated as declared.", "two miners at one address"),
		def("SEC-BAN-04", Must, Safety, "declared wait", "bans crash", "Bans end as declared, and not before.", "logins during a ban and after it"),
		def("SEC-BAN-05", Must, Safety, "load", "bans", "Open sessions of a banned address are closed or refused with a reason.", "a ban beside an open session"),
		def("SEC-BAN-06", Must, Safety, "ledger load", "bans", "Bad shares under another's address from elsewhere do not harm its owner.", "an attacker and a victim"),
		def("SEC-PP-01", Must, Safety, "", "exposure bans", "PROXY headers are believed from trusted peers alone.", "a forged header"),
		def("SEC-PP-02", Must, Safety, "proxy", "exposure", "Where a PROXY header is required, a missing or broken one closes the connection.", "connections without it"),
		def("SEC-PP-03", Must, Safety, "proxy load", "bans", "Bans use the address in the PROXY header.", "several claimed clients"),
		def("SEC-PP-04", Must, Safety, "proxy", "crash", "Cut and malformed PROXY headers do no harm.", "a table of headers"),
		def("SEC-FLOOD-01", Must, Safety, "load", "overload", "A flood of logins does not hold up the jobs of others.", "an open-loop load"),
		def("SEC-FLOOD-02", Must, Safety, "load probe", "overload", "A flood of worthless shares costs the pool a bounded number of hashes.", "processor time"),
		def("SEC-AUTH-01", Must, Safety, "", "exposure", "No answer, error or log tells one miner about another.", "another session's ids, looked for in every answer"),
		def("SEC-AUTH-02", Must, Safety, "", "exposure share-theft", "A session's token is worthless on another connection.", "a share under another session's identity"),
		def("SEC-HIJACK-01", Info, Safety, "tls", "exposure", "What somebody on the path can do to shares, with and without TLS.", "a proxy that rewrites"),
		def("SEC-HIJACK-02", Should, Safety, "ledger", "share-theft", "A share made for one account cannot be credited to another.", "the same share elsewhere"),
		def("SEC-RECON-01", Should, Safety, "", "exposure", "The pool does not send miners to another host by itself.", "client.reconnect in any session"),
		def("SEC-15", Must, Safety, "operator", "exposure", "Interfaces for the operator are closed unless opened, and hold no secrets.", "a look at the ports"),
		def("SEC-16", Must, Safety, "control operator", "share-theft", "A release refuses test settings of the proof of work on a main network.", "the configuration"),
		def("SEC-INJ-01", Must, Safety, "operator", "exposure", "Markup, SQL and control sequences in names stay inert wherever they are shown.", "planted names"),
	}
}

func catalogueLedger() []Check {
	return []Check{
		def("OPS-RESTART-01", Must, Safety, "control ledger", "restart wrong-credit", "After SIGTERM every acknowledged share is in the ledger.", "the ledger before and after"),
		def("OPS-RESTART-02", Should, Safety, "control ledger", "restart wrong-credit", "After SIGKILL no more is lost than declared, and nothing counts twice.", "the ledger before and after"),
		def("OPS-RESTART-03", Must, Safety, "control", "restart duplicate-work", "Assigned nonces do not repeat over a restart at the same height.", "first jobs before and after"),
		def("OPS-DRAIN-01", Should, Safety, "control", "restart", "A pool that ends answers what it was asked before it closes.", "shares on the way at SIGTERM"),
		def("OPS-LEDGER-01", Must, Safety, "ledger", "wrong-credit", "The ledger's sum is that of the shares accepted on the wire.", "both"),
		def("OPS-METRIC-01", Should, Safety, "operator", "wrong-hashrate", "Exported counters equal what was seen on the wire.", "both"),
	}
}
