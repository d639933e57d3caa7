//! ROUTE: which URL is answered by which controller. The file a route stands in says whether it is guarded.

mod api;
mod private;
mod public;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Resource, ResponseError as _, Route};

use crate::error::Error;
use crate::state::State;

/// Adds all routes.
pub fn configure(config: &mut ServiceConfig, state: &State) {
    public::configure(config, state);
    private::configure(config, state);
    api::configure(config);
    config.default_service(web::to(|| async { Error::NotFound.error_response() }));
}

/// One URL and the methods it answers. `HEAD` works wherever `GET` does, `OPTIONS` says what works, and everything
/// else is told 405.
struct Page {
    resource: Resource,
    methods: Vec<Method>,
}

impl Page {
    fn at(path: &str) -> Self {
        Self { resource: web::resource(path), methods: Vec::new() }
    }

    /// Answers `GET` and `HEAD` with the same route; the protocol layer leaves the body of the latter away.
    fn get(mut self, route: impl Fn(Route) -> Route) -> Self {
        self.resource = self.resource.route(route(web::get())).route(route(web::head()));
        self.methods.extend([Method::GET, Method::HEAD]);
        self
    }

    fn post(self, route: impl Fn(Route) -> Route) -> Self {
        self.on(Method::POST, route)
    }

    fn on(mut self, method: Method, route: impl Fn(Route) -> Route) -> Self {
        self.resource = self.resource.route(route(web::method(method.clone())));
        self.methods.push(method);
        self
    }

    fn finish(self) -> Resource {
        let allow = allow(&self.methods);
        let options = allow.clone();
        self.resource
            .route(web::method(Method::OPTIONS).to(move || {
                let allow = options.clone();
                async move { HttpResponse::NoContent().insert_header((ALLOW, allow)).finish() }
            }))
            .default_service(web::to(move || {
                let allow = allow.clone();
                async move { Error::MethodNotAllowed(allow).error_response() }
            }))
    }
}

fn allow(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
}

/// Makes it plain that a service is added as it is.
fn add(config: &mut ServiceConfig, service: impl HttpServiceFactory + 'static) {
    config.service(service);
}
