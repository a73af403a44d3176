package conform

// runsOperator are the checks that need to know more of a pool than its port: what
// its operator declares, sees or counts.
func runsOperator() map[string]func(*Env) error {
	return map[string]func(*Env) error{
		"CN-LOGIN-08": cnLogin08, "CN-LOGIN-09": cnLogin09, "CN-JOB-05": cnJob05, "CN-JOB-06": cnJob06,
		"CN-JOB-15": cnJob15, "CN-JOB-16": cnJob16, "CN-SUB-22": cnSub22, "CN-SUB-24": cnSub24,
		"CKB-SUB-06": ckbSub06, "CKB-AUTH-05": ckbAuth05, "CKB-EXT-02": ckbExt02, "CKB-B-01": ckbB01, "CKB-B-02": ckbB02,
		"SEC-BAN-01": secBan01, "SEC-BAN-03": secBan03, "SEC-BAN-04": secBan04, "SEC-BAN-05": secBan05, "SEC-BAN-06": secBan06,
		"SEC-PP-03": secPP03, "SEC-FLOOD-02": secFlood02, "SEC-HIJACK-01": secHijack01, "SEC-HIJACK-02": secHijack02,
		"SEC-15": sec15, "SEC-16": sec16, "SEC-INJ-01": secInj01, "OPS-METRIC-01": opsMetric01,
		"ROB-SLOW-03": robSlow03, "ROB-HALF-03": robHalf03, "ROB-STORM-02": robStorm02, "ROB-STORM-03": robStorm03, "ROB-NODE-03": robNode03,
	}
}
