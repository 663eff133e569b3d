//! An event that can be read reads back equal, and has one canonical form.

#![no_main]

use andon::{
    event::{Body, Event},
    incident::{Incident, IncidentEvent},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = Event::from_json(bytes) else { return };
    let json = serde_json::to_vec(&event).expect("every event has a JSON form");
    let back = Event::from_json(&json).expect("what was written can be read");
    assert_eq!(back, event);
    let canonical = event.canonical().expect("every event has a canonical form");
    assert_eq!(back.canonical().expect("every event has a canonical form"), canonical);
    let folded = Incident::fold([&event]);
    let Body::Incident(body) = &event.body else { return };
    if let Ok((incident, version)) = folded {
        assert!(matches!(body, IncidentEvent::Reported(_)));
        assert_eq!(version, event.sequence);
        let json = serde_json::to_vec(&incident).expect("every incident has a JSON form");
        assert_eq!(Incident::from_json(&json).expect("what was folded can be read"), incident);
        // Whatever came after cannot be a second report, and never panics.
        assert!(incident.apply(body.clone(), &event.stamp()).is_err());
    }
});
