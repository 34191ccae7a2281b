//! `bpfcompat suite FILE`

mod again;

use super::follow::{self, Screen};
use super::{Context, test};
use crate::args::output::Output;
use crate::args::ready::{Question, Reports};
use crate::args::suite::{self, SuiteFile};
use crate::args::typed;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::Services;
use crate::render::live::Live;
use crate::render::printable;
use crate::render::progress::Progress;
use crate::render::suite::board::Board;
use crate::render::suite::{Answer, Told, json, junit, markdown, table};
use console::Term;
use futures_util::{StreamExt as _, stream};
use insight::suite::baseline::Baseline;
use std::sync::Arc;
use time::OffsetDateTime;

/// Asks every case, judges, renders. Everything the file names is checked before anything is started.
pub(super) async fn run(context: &Context, typed: &typed::Suite) -> Result<Exit, Failure> {
    let asked = context.unless_stopped(suite::read(typed, &context.settings)).await?;
    let (json, markdown, junit) = (typed.json.clone(), typed.markdown.clone(), typed.junit.clone());
    let reports = Reports::check(&typed::Reports { json, markdown, junit, ..typed::Reports::default() })
        .map_err(Failure::misuse)?;
    let update = typed.update_baseline.then(|| Output::check("--update-baseline", &asked.baseline_path));
    let update = update.transpose().map_err(Failure::misuse)?;
    for (case, question) in asked.suite.cases.iter().zip(&asked.questions) {
        for line in &question.skipped {
            eprintln!("{}", printable(&format!("case `{}`: {line}", case.name)));
        }
    }
    let status = context.status();
    let cases = asked.suite.cases.iter().map(|case| Some(case.name.as_str())).zip(&asked.questions);
    let kernels: Vec<_> = cases
        .flat_map(|(case, question)| question.selectors().map(move |selector| (case, selector)))
        .collect();
    let crew = Crew::WithWorker { kernels: &kernels };
    let opened = Connection::open(&context.settings, crew, &status, &context.stop).await;
    status.clear();
    let connection = opened?;
    let answered = ask(context, &connection.services, &asked, typed.retry_inconclusive).await;
    let name = connection.name.clone();
    let closed = connection.close().await;
    let answers = answered?;
    closed?;
    conclude(context, &asked, &answers, (&name, &reports, update.as_ref()))
}

/// The answers to all cases, those that could not be told asked again.
async fn ask(
    context: &Context,
    services: &Services,
    asked: &SuiteFile,
    retries: u32,
) -> Result<Vec<Answer>, Failure> {
    let all: Vec<(usize, &Question)> = asked.questions.iter().enumerate().collect();
    let mut answers: Vec<Answer> = vec![Err("it was not asked".to_owned()); all.len()];
    for (case, answer) in round(context, services, asked, (&all, true)).await? {
        answers[case] = answer;
    }
    for _ in 0..retries {
        let again: Vec<(usize, Question)> = asked
            .questions
            .iter()
            .zip(&answers)
            .enumerate()
            .filter_map(|(case, (question, answer))| Some((case, again::question(question, answer)?)))
            .collect();
        if again.is_empty() {
            break;
        }
        let again: Vec<(usize, &Question)> = again.iter().map(|(case, question)| (*case, question)).collect();
        for (case, answer) in round(context, services, asked, (&again, false)).await? {
            if let Err(why) = &answer {
                let name = &asked.suite.cases[case].name;
                eprintln!("{}", printable(&format!("case `{name}` could not be asked again: {why}")));
            }
            again::merge(&mut answers[case], answer);
        }
    }
    Ok(answers)
}

/// One run for each question, several at once. They share workers, and so the templates of their kernels. Where
/// one turns out to be wrong, or the caller asks to stop, all are stopped; but what was right when it was asked
/// `first` may only be gone by now.
async fn round(
    context: &Context,
    services: &Services,
    asked: &SuiteFile,
    (questions, first): (&[(usize, &Question)], bool),
) -> Result<Vec<(usize, Answer)>, Failure> {
    let live = context.is_live().then(|| Live::new(Term::buffered_stderr(), context.paint_err()));
    let names = asked.suite.cases.iter().map(|case| case.name.clone());
    let board = Arc::new(Board::new(names, live, context.paint_err()));
    let one = async |(case, question): (usize, &Question)| {
        if context.stop.is_cancelled() {
            return (case, Err(Failure::environment("stopped before it was asked")));
        }
        let screen = Screen::Case(board.clone(), case, Progress::default());
        let answer = test::ask(context, &mut services.clone(), question, screen).await;
        board.over(case);
        if first && answer.as_ref().is_err_and(|failure| failure.exit() == Exit::Misuse) {
            context.stop.cancel();
        }
        (case, answer)
    };
    let at_once = usize::try_from(asked.suite.concurrency).unwrap_or(1);
    let answers: Vec<_> =
        stream::iter(questions.iter().copied().map(one)).buffer_unordered(at_once).collect().await;
    board.clear();
    if !context.stop.is_cancelled() {
        return Ok(answers
            .into_iter()
            .map(|(case, answer)| (case, answer.map_err(|why| why.to_string())))
            .collect());
    }
    let told = |failure: &Failure, case: usize| format!("case `{}`: {failure}", asked.suite.cases[case].name);
    let failures = || answers.iter().filter_map(|(case, answer)| Some((*case, answer.as_ref().err()?)));
    if let Some((case, failure)) = failures().find(|(_, failure)| failure.exit() == Exit::Misuse) {
        return Err(Failure::misuse(told(failure, case)));
    }
    let all: Vec<String> = failures().map(|(case, failure)| told(failure, case)).collect();
    Err(Failure::environment(if all.is_empty() { "stopped by you".to_owned() } else { all.join("\n") }))
}

/// Judges, writes what was asked for, and says how it ends.
fn conclude(
    context: &Context,
    asked: &SuiteFile,
    answers: &[Answer],
    (controller, reports, update): (&str, &Reports, Option<&Output>),
) -> Result<Exit, Failure> {
    let today = OffsetDateTime::now_utc().date();
    let told = |baseline: &Baseline| {
        let mut told = Told::new(&asked.suite, answers, baseline, today);
        for (case, question) in told.cases.iter_mut().zip(&asked.questions) {
            if let Ok(matrix) = &mut case.run {
                matrix.came_from(&question.objects);
            }
        }
        told
    };
    let mut now = told(&asked.baseline);
    if let Some(update) = update {
        let baseline = std::mem::take(&mut now.review.now);
        baseline
            .check()
            .map_err(|error| Failure::environment(format!("no baseline was written: {error}")))?;
        update.write(&baseline.print(&asked.suite.name)).map_err(Failure::environment)?;
        now = told(&baseline);
    }
    follow::print(&table::run(&now, context.look(reports.take_stdout())), reports)?;
    let written: [(_, &dyn Fn() -> String); 3] = [
        (&reports.json, &|| json::report(&now, controller)),
        (&reports.markdown, &|| markdown::report(&now)),
        (&reports.junit, &|| junit::report(&now)),
    ];
    for (output, render) in written {
        if let Some(output) = output {
            output.write(&render()).map_err(Failure::environment)?;
        }
    }
    Ok(Exit::of_run(now.verdict()))
}
