package conform

import "maps"

// runs are the checks that can be carried out, by id.
func runs() map[string]func(*Env) error {
	all := map[string]func(*Env) error{
		"CN-CONN-01": cnConn01, "CN-CONN-02": cnConn02, "CN-CONN-03": cnConn03, "CN-CONN-04": cnConn04,
		"CN-CONN-05": cnConn05, "CN-CONN-07": cnConn07,
		"CN-LOGIN-01": cnLogin01, "CN-LOGIN-02": cnLogin02, "CN-LOGIN-03": cnLogin03, "CN-LOGIN-04": cnLogin04,
		"CN-LOGIN-05": cnLogin05, "CN-LOGIN-06": cnLogin06, "CN-LOGIN-07": cnLogin07, "CN-LOGIN-10": cnLogin10,
		"CN-LOGIN-11": cnLogin11, "CN-LOGIN-12": cnLogin12, "CN-LOGIN-13": cnLogin13, "CN-LOGIN-14": cnLogin14,
		"CN-JOB-01": cnJob01, "CN-JOB-02": cnJob02, "CN-JOB-03": cnJob03, "CN-JOB-07": cnJob07, "CN-JOB-08": cnJob08,
		"CN-JOB-09": cnJob09, "CN-JOB-12": cnJob12, "CN-JOB-14": cnJob14,
		"CN-SUB-01": cnSub01, "CN-SUB-02": cnSub02, "CN-SUB-03": cnSub03, "CN-SUB-04": cnSub04, "CN-SUB-05": cnSub05,
		"CN-SUB-06": cnSub06, "CN-SUB-07": cnSub07, "CN-SUB-08": cnSub08, "CN-SUB-09": cnSub09, "CN-SUB-10": cnSub10,
		"CN-SUB-11": cnSub11, "CN-SUB-12": cnSub12, "CN-SUB-13": cnSub13, "CN-SUB-14": cnSub14, "CN-SUB-16": cnSub16,
		"CN-SUB-17": cnSub17, "CN-SUB-19": cnSub19, "CN-SUB-20": cnSub20, "CN-SUB-21": cnSub21, "CN-SUB-23": cnSub23,
		"CN-SUB-25": cnSub25, "CN-KEEP-01": cnKeep01, "CN-METH-01": cnMeth01,

		"CKB-SUB-01": ckbSub01, "CKB-SUB-02": ckbSub02, "CKB-SUB-03": ckbSub03, "CKB-SUB-04": ckbSub04, "CKB-SUB-05": ckbSub05,
		"CKB-AUTH-01": ckbAuth01, "CKB-AUTH-02": ckbAuth02, "CKB-AUTH-03": ckbAuth03,
		"CKB-TGT-01": ckbTgt01, "CKB-TGT-05": ckbTgt05, "CKB-JOB-01": ckbJob01, "CKB-JOB-02": ckbJob02, "CKB-JOB-04": ckbJob04,
		"CKB-JOB-05": ckbJob05, "CKB-JOB-07": ckbJob07, "CKB-EXT-01": ckbExt01,
		"CKB-SHR-01": ckbShr01, "CKB-SHR-02": ckbShr02, "CKB-SHR-03": ckbShr03, "CKB-SHR-04": ckbShr04, "CKB-SHR-05": ckbShr05,
		"CKB-SHR-06": ckbShr06, "CKB-SHR-07": ckbShr07, "CKB-SHR-08": ckbShr08, "CKB-SHR-09": ckbShr09, "CKB-SHR-11": ckbShr11,

		"ROB-JSON-01": robJSON01, "ROB-JSON-02": robJSON02, "ROB-JSON-03": robJSON03, "ROB-JSON-05": robJSON05,
		"ROB-LINE-01": robLine01, "ROB-LINE-02": robLine02, "ROB-LINE-03": robLine03, "ROB-HALF-01": robHalf01,
		"ROB-NODE-01": robNode01, "ROB-NODE-02": robNode02,
		"ROB-JSON-04": robJSON04, "ROB-SLOW-01": robSlow01, "ROB-SLOW-02": robSlow02, "ROB-HALF-02": robHalf02, "ROB-STORM-01": robStorm01,
		"SEC-BAN-02": secBan02, "SEC-AUTH-01": secAuth01, "SEC-AUTH-02": secAuth02, "SEC-RECON-01": secRecon01,
		"SEC-PP-01": secPP01, "SEC-PP-02": secPP02, "SEC-PP-04": secPP04, "SEC-FLOOD-01": secFlood01,

		"CN-CONN-06": cnConn06, "CN-LOGIN-15": cnLogin15, "CN-JOB-04": targetCredit, "CN-JOB-10": cnJob10, "CN-JOB-11": refresh,
		"CN-JOB-13": newTarget, "CN-SUB-15": replaced, "CN-SUB-18": acrossRetarget, "CN-KEEP-02": cnKeep02, "CN-KEEP-03": cnKeep03,
		"CKB-AUTH-04": ckbAuth04, "CKB-TGT-02": ckbTgt02, "CKB-TGT-03": newTarget, "CKB-TGT-04": ckbTgt04, "CKB-JOB-03": replaced,
		"CKB-JOB-06": refresh, "CKB-SHR-10": ckbShr10,
		"VD-BOUND-01": vdBound01, "VD-BOUND-02": vdBound02, "VD-BOUND-03": vdBound03, "VD-FLIGHT-01": vdFlight01, "VD-SUBSEC-01": vdSubsec01,
		"VD-CREDIT-01": targetCredit,
		"VD-CONV-01":   vdConv01, "VD-CONV-02": vdConv02, "VD-STEP-01": vdStep01, "VD-STEP-02": vdStep02, "VD-STEP-03": vdStep03,
		"VD-OVER-01": vdOver01, "VD-STEADY-01": vdSteady01, "VD-STEADY-02": vdSteady02, "VD-STEADY-03": vdSteady03,
		"VD-CREDIT-02": vdCredit02, "VD-CREDIT-03": vdCredit03, "VD-STAT-01": vdStat01, "VD-STAT-02": vdStat02,
		"VD-RECON-01": vdRecon01, "VD-CLOCK-01": vdClock01, "VD-PROXY-01": vdProxy01,
		"LAT-JOB-05": latJob05, "LAT-SUB-01": latSub01, "LAT-SUB-02": latSub02,
		"LAT-JOB-01": latJob01, "LAT-JOB-02": latJob02, "LAT-JOB-03": latJob03, "LAT-JOB-04": latJob04, "LAT-SUB-03": latSub03, "LAT-TCP-01": latTCP01,
		"OPS-RESTART-01": opsRestart01, "OPS-RESTART-02": opsRestart02, "OPS-RESTART-03": opsRestart03, "OPS-DRAIN-01": opsDrain01,
		"OPS-LEDGER-01": opsLedger01,
	}
	maps.Copy(all, runsOperator())
	return all
}

// smokeIDs are the quick checks of what a pool must not get wrong.
func smokeIDs() []string {
	return []string{
		"CN-CONN-02", "CN-CONN-03", "CN-CONN-04", "CN-LOGIN-01", "CN-LOGIN-02", "CN-LOGIN-03", "CN-JOB-01", "CN-JOB-03",
		"CN-SUB-01", "CN-SUB-03", "CN-SUB-06", "CN-SUB-07", "CN-SUB-11", "CN-SUB-12", "CN-SUB-13", "CN-SUB-14", "CN-METH-01",
		"CKB-SUB-01", "CKB-SUB-05", "CKB-AUTH-01", "CKB-AUTH-02", "CKB-TGT-01", "CKB-JOB-01",
		"CKB-SHR-01", "CKB-SHR-03", "CKB-SHR-05", "CKB-SHR-06", "CKB-SHR-07", "CKB-SHR-09",
		"ROB-JSON-01", "ROB-JSON-05", "ROB-LINE-02",
	}
}
