//! Questions that a request must have answered by somebody outside before it may go on.

use crate::serve::Refused;
use crate::trip::Trip;
use http::request::Parts;
use yett_engine::BodyNeed;
use yett_engine::exchange::Step;
use yett_engine::identity::question::{Answer, Question};
use yett_model::Code;

/// Whoever proves himself by more than this is not asked about further.
const MOST: usize = 8;

/// Asks until the head is judged. What is asked is asked within the time that the request may take.
///
/// # Errors
/// The answer to send instead, if the request is refused.
pub(crate) async fn settle(trip: &mut Trip, parts: &Parts, mut step: Step) -> Result<BodyNeed, Refused> {
    for _ in 0..MOST {
        let question = match step {
            Step::Go(need) => return Ok(need),
            Step::Ask(question) => question,
        };
        let told = answer(&question).await;
        step = trip.exchange.resume(parts, told)?;
    }
    Err(trip.exchange.fail(Code::IdentityUnavailable, "too many questions about one request"))
}

async fn answer(question: &Question) -> Answer {
    Answer::Unavailable(format!("nobody here answers {question:?}"))
}
