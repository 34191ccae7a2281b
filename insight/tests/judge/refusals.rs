//! What is told apart among refusals: who is to blame, and what old kernels mean by their words.

use super::*;

/// With what libbpf said while it opened the object.
fn opened_with(mut evidence: Evidence, log: &str) -> Evidence {
    let text = log.to_owned();
    evidence.logs.push(Log { subject: LogSubject::Open, raw_bytes: text.len() as u64, text, cut: false });
    evidence
}

/// The codes of the programs, in order.
fn codes(verdict: &CellVerdict) -> Vec<Option<CauseCode>> {
    verdict.programs.iter().map(|program| program.cause.as_ref().map(|cause| cause.code)).collect()
}

/// A kernel that has helpers and program types below these.
fn of_kernel(mut evidence: Evidence, helpers: u32, program_types: u32) -> Evidence {
    let facts = evidence.kernel.as_mut().expect("facts");
    (facts.helpers, facts.program_types) = (Some(helpers), Some(program_types));
    evidence
}

#[test]
fn what_is_missing_is_blamed_on_the_programs_that_refer_to_it() {
    let user = |program: &str| format!("libbpf: prog '{program}': found extern #0 'x' (sym 7) for insn #2\n");
    let blocked = Some(CauseCode::Blocked);
    for (missing, code) in [
        ("extern 'x' (strong): not resolved", CauseCode::ExternMissing),
        ("extern (func ksym) 'x': not found in kernel or module BTFs", CauseCode::KfuncMissing),
        ("extern (kcfg) 'x': value '250' implies integer type", CauseCode::ExternMissing),
    ] {
        let log = format!("libbpf: {missing}\nlibbpf: failed to load object 'o'\n");
        for (users, expected) in [
            (user("guilty"), [blocked, Some(code)]),
            (user("innocent") + &user("guilty"), [Some(code); 2]),
            // Any program may call a subprogram.
            (user("subprogram"), [Some(code); 2]),
            (user("subprogram") + &user("guilty"), [Some(code); 2]),
            (String::new(), [Some(code); 2]),
        ] {
            let programs = ["innocent", "guilty"].map(|name| program(name, "xdp", "xdp"));
            let mut evidence = opened_with(evidence(programs.into()), &users);
            for scope in [LoadScope::Whole, alone("innocent"), alone("guilty")] {
                evidence = loads(evidence, scope, Some(Errno::ESRCH), &log);
            }
            let verdict = judge(&evidence, Level::Load);
            assert_eq!(codes(&verdict), expected, "{missing} {users}");
            assert_eq!(settled_code(&verdict), (Verdict::Fails, Some(code), "x"), "{missing} {users}");
        }
    }
}

fn settled_code(verdict: &CellVerdict) -> (Verdict, Option<CauseCode>, &str) {
    let cause = verdict.cause.as_ref();
    (verdict.verdict, cause.map(|cause| cause.code), cause.map_or("", |cause| &cause.subject))
}

/// The cause of a program `p` whose function `kfunc` libbpf found and which the verifier refused like this.
fn of_kfunc(kfunc: &str, said: &str) -> Cause {
    let uses = format!("libbpf: prog 'p': found extern #0 '{kfunc}' (sym 7) for insn #2\n");
    let found =
        format!("libbpf: extern (func ksym) '{kfunc}': resolved to vmlinux [7]\n{}", rejected_with(said));
    let evidence = opened_with(evidence(vec![program("p", "xdp", "xdp")]), &uses);
    let evidence = loads(evidence, LoadScope::Whole, Some(Errno::EINVAL), &found);
    let evidence = loads(evidence, alone("p"), Some(Errno::EINVAL), &found);
    judge(&evidence, Level::Load).cause.expect("a refusal has a cause")
}

#[test]
fn a_kernel_without_calls_of_its_functions_lacks_the_function() {
    let said = "BPF_CALL uses reserved fields";
    let cause = of_kfunc("vfs_fsync", said);
    assert_eq!((cause.code, cause.subject.as_str()), (CauseCode::KfuncMissing, "vfs_fsync"));
    assert_eq!(
        load_cause("xdp", "xdp", Errno::EINVAL, &rejected_with(said)).code,
        CauseCode::InstructionUnknown,
        "a damaged call is the program's own mistake"
    );
}

#[test]
fn a_function_of_one_device_waits_for_the_loader_that_names_it() {
    let said = "metadata kfuncs require device-bound program";
    let cause = of_kfunc("bpf_xdp_metadata_rx_hash", said);
    assert_eq!((cause.code, cause.subject.as_str()), (CauseCode::LoaderContract, "p"));
    assert_eq!(of_kfunc("f", said).code, CauseCode::VerifierInvalid, "words alone do not excuse");
}

#[test]
fn a_kernel_without_callbacks_says_so_in_other_words() {
    let log = rejected_with("number of funcs in func_info doesn't match number of subprogs");
    for (helpers, says) in [(156, "knows no callbacks"), (212, "number of funcs")] {
        let mut evidence = of_kernel(evidence(vec![program("p", "xdp", "xdp")]), helpers, 31);
        for scope in [LoadScope::Whole, alone("p")] {
            evidence = loads(evidence, scope, Some(Errno::EINVAL), &log);
        }
        let cause = judge(&evidence, Level::Load).cause.expect("a cause");
        let known = if helpers == 212 { CauseCode::VerifierInvalid } else { CauseCode::CallbackUnknown };
        assert_eq!(cause.code, known);
        assert!(cause.says.contains(says), "{}", cause.says);
    }
}

#[test]
fn a_name_that_kernels_refuse_is_told() {
    for (name, refused) in [
        ("zähle", true),
        ("with space", true),
        ("a.b_C1", false),
        // Fifteen bytes reach the kernel.
        ("abcdefghijklmno ", false),
    ] {
        let log = format!("libbpf: prog '{name}': BPF program load failed: -EINVAL\n");
        let mut evidence = evidence(vec![program(name, "xdp", "xdp")]);
        for scope in [LoadScope::Whole, alone(name)] {
            evidence = loads(evidence, scope, Some(Errno::EINVAL), &log);
        }
        let cause = judge(&evidence, Level::Load).cause.expect("a cause");
        let code = if refused { CauseCode::NameRefused } else { CauseCode::AttachUnsupported };
        assert_eq!((cause.code, cause.says.contains("Rename the function")), (code, refused), "{name}");
    }
}

#[test]
fn a_replacement_of_another_objects_function_is_a_matter_of_its_loader() {
    let why = "no other program of the object was loaded that has the function `f` it replaces";
    let replacement = program("new", "freplace/f", "ext");
    let attempt = |evidence| attaches(evidence, "new", AttachOutcome::NotAttempted(why.into()), "");
    let without_others = loads(evidence(vec![replacement.clone()]), LoadScope::Whole, None, "");
    let mut without_others = attempt(without_others);
    without_others.loads[0].loaded.clear();
    let cause = judge(&without_others, Level::Attach).cause.expect("a cause");
    assert_eq!((cause.code, cause.subject.as_str()), (CauseCode::LoaderContract, "new"));

    // The function may be that of a program which was refused.
    let log = rejected_with("R0 invalid mem access 'scalar'");
    let mut beside = evidence(vec![program("p", "xdp", "xdp"), replacement]);
    for scope in [LoadScope::Whole, alone("p")] {
        beside = loads(beside, scope, Some(Errno::EACCES), &log);
    }
    let verdict = judge(&attempt(beside), Level::Attach);
    assert_eq!(codes(&verdict), [Some(CauseCode::VerifierPointer), Some(CauseCode::NotExercised)]);
}

#[test]
fn a_kernel_that_refuses_to_register_a_struct_refuses() {
    for (how, code) in [("struct_ops", CauseCode::AttachUnsupported), ("link", CauseCode::NotExercised)] {
        let program = program("p", "struct_ops/test_1", "struct_ops");
        let evidence = loads(evidence(vec![program]), LoadScope::Whole, None, "");
        let mut evidence = attaches(evidence, "p", AttachOutcome::Failed(Errno::EOPNOTSUPP), "");
        how.clone_into(&mut evidence.attaches[0].how);
        assert_eq!(judge(&evidence, Level::Attach).cause.expect("a cause").code, code);
    }
}

#[test]
fn a_kernel_that_ignores_what_a_program_is_attached_for_does_not_pass() {
    for (section, program_types, passes) in
        [("sk_reuseport/migrate", 31, false), ("sk_reuseport/migrate", 32, true), ("sk_reuseport", 31, true)]
    {
        let programs = vec![program("p", section, "sk_reuseport")];
        let evidence = loads(of_kernel(evidence(programs), 156, program_types), LoadScope::Whole, None, "");
        let verdict = judge(&attaches(evidence, "p", AttachOutcome::Attached, ""), Level::Attach);
        let code = (!passes).then_some(CauseCode::AttachUnsupported);
        assert_eq!(codes(&verdict), [code], "{section} {program_types}");
    }
}

#[test]
fn an_atomic_operation_with_a_result_is_told_of_kernels_that_have_none() {
    let log = rejected_with("BPF_STX uses reserved fields");
    let (old, other) = (CauseCode::InstructionUnknown, CauseCode::VerifierInvalid);
    for (helpers, code) in [(157, old), (163, old), (164, other)] {
        let refused = of_kernel(evidence(vec![program("p", "kprobe/f", "kprobe")]), helpers, 32);
        let refused = loads(refused, LoadScope::Whole, Some(Errno::EINVAL), &log);
        let cause = judge(&loads(refused, alone("p"), Some(Errno::EINVAL), &log), Level::Load).cause;
        let cause = cause.expect("no pass");
        assert_eq!((cause.code, cause.says.contains("-mcpu=v2")), (code, code == old), "{cause:?}");
    }
}

#[test]
fn an_object_whose_types_the_kernel_refuses_is_blamed_for_them_only_if_it_needs_them() {
    for (says, code) in [
        ("BTF is mandatory, can't proceed.", CauseCode::BtfRejected),
        ("BTF is optional, ignoring.", CauseCode::AttachUnsupported),
    ] {
        let log = format!(
            "libbpf: Error loading .BTF into kernel: -EINVAL. {says}\n\
             libbpf: prog 'p': BPF program load failed: -EINVAL\n"
        );
        assert_eq!(load_cause("struct_ops/x", "struct_ops", Errno::EINVAL, &log).code, code);
    }
}

#[test]
fn what_a_section_names_has_a_cause_of_its_own_where_it_is_missing() {
    let log = "libbpf: prog 'p': failed to find kernel BTF type ID of 'bpf_lsm_gone': -ESRCH\n";
    assert_eq!(load_cause("lsm/gone", "lsm", Errno::ESRCH, log).code, CauseCode::LsmHookMissing);
    let log = "libbpf: prog 'p': failed to find kernel BTF type ID of 'bpf_iter_gone': -ESRCH\n";
    assert_eq!(load_cause("iter/gone", "tracing", Errno::ESRCH, log).code, CauseCode::AttachTargetMissing);
}

#[test]
fn a_field_is_missing_only_of_a_type_that_is_there() {
    let log = |candidate: &str| {
        format!(
            "libbpf: prog 'p': relo #0: <byte_off> [5] struct rq.gone (0:1 @ offset 4)\n{candidate}\n\
             libbpf: prog 'p': relo #0: substituting insn #3 w/ invalid insn\n{}",
            rejected_with("invalid func unknown#195896080")
        )
    };
    let found = |local: u32| {
        format!(
            "libbpf: CO-RE relocating [{local}] struct rq: found target candidate [9] struct rq in [vmlinux]"
        )
    };
    for (candidate, code) in [(found(5), CauseCode::CoreFieldMissing), (found(6), CauseCode::CoreTypeMissing)]
    {
        let cause = load_cause("xdp", "xdp", Errno::EINVAL, &log(&candidate));
        assert_eq!((cause.code, cause.subject.as_str()), (code, "rq.gone"));
    }
}

#[test]
fn a_refusal_of_the_verifier_has_the_cause_of_its_sentence() {
    let (access, invalid) = (Errno::EACCES, Errno::EINVAL);
    for (errno, sentence, code) in [
        (access, "R0 invalid mem access 'map_value_or_null'", CauseCode::VerifierNull),
        (access, "invalid access to map value, value_size=8 off=8 size=8", CauseCode::VerifierBounds),
        (access, "R2 !read_ok", CauseCode::VerifierUninitialised),
        (access, "invalid bpf_context access off=8 size=8", CauseCode::VerifierContext),
        (access, "R1 pointer arithmetic with <<= operator prohibited", CauseCode::VerifierPointer),
        (access, "R1 type=scalar expected=fp, pkt", CauseCode::VerifierArgument),
        (invalid, "Unreleased reference id=2 alloc_insn=4", CauseCode::VerifierReference),
        (invalid, "infinite loop detected at insn 3", CauseCode::VerifierLoop),
        (invalid, "helper call might sleep in a non-sleepable prog", CauseCode::VerifierSleep),
        (invalid, "bpf_spin_lock is missing unlock", CauseCode::VerifierLock),
        (invalid, "unreachable insn 3", CauseCode::VerifierInvalid),
        (access, "combined stack size of 2 calls is 544. Too large", CauseCode::StackTooDeep),
        (Errno::E2BIG, "the call stack of 9 frames is too deep !", CauseCode::CallsTooDeep),
        (invalid, "cannot call GPL-restricted function from non-GPL compatible program", CauseCode::GplOnly),
        (
            invalid,
            "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]",
            CauseCode::VerifierReturn,
        ),
        (access, "no kernel says so", CauseCode::VerifierAccess),
        (invalid, "no kernel says so", CauseCode::VerifierInvalid),
    ] {
        let cause = load_cause("xdp", "xdp", errno, &rejected_with(sentence));
        assert_eq!(cause.code, code, "{sentence}");
        assert!(cause.remedy.is_some_and(|remedy| !remedy.says.is_empty()), "{sentence}");
    }
}

/// Where the verifier does not say it, the object's own line information does.
#[test]
fn a_line_that_no_log_tells_is_the_objects() {
    use domain::evidence::SourcePlace;
    let place = |instruction| {
        let text = "return *v;".to_owned();
        Some(SourcePlace { instruction, file: "one.bpf.c".to_owned(), line: 25, text })
    };
    let located = |at: u32, line: &str| {
        let log = rejected_with(line);
        let mut evidence =
            loads(evidence(vec![program("p", "xdp", "xdp")]), alone("p"), Some(Errno::EACCES), &log);
        evidence.loads[0].refused_at = place(at);
        judge(&evidence, Level::Load).programs[0]
            .cause
            .clone()
            .and_then(|cause| cause.location)
            .expect("a place")
    };
    let told = located(3, "R1 invalid mem access 'scalar'");
    assert_eq!((told.instruction, told.file.as_deref(), told.line), (Some(3), Some("one.bpf.c"), Some(25)));
    assert_eq!(told.source.as_deref(), Some("return *v;"));
    let other = located(2, "R1 invalid mem access 'scalar'");
    assert_eq!((other.instruction, other.file, other.line), (Some(3), None, None), "of another instruction");
}
