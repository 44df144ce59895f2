use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};

use crate::spec::ServiceSpec;
use crate::status::Status;

/// Turns canonical proto JSON into protobuf and back, by the descriptors that a service carries.
#[derive(Debug, Clone)]
pub(crate) struct Transcoder {
    input: MessageDescriptor,
    output: MessageDescriptor,
}

impl Transcoder {
    /// One for each method of a service, in their order; `None` for a service that carries no descriptors.
    pub(crate) fn of_service(service: &'static ServiceSpec) -> Result<Option<Vec<Self>>, Status> {
        let Some(descriptor_set) = service.descriptor_set() else { return Ok(None) };
        let broken = |reason: String| {
            Status::internal(format!("the descriptors of {} are broken: {reason}", service.name()))
        };
        let pool = DescriptorPool::decode(descriptor_set).map_err(|error| broken(error.to_string()))?;
        let methods = pool
            .get_service_by_name(service.name())
            .ok_or_else(|| broken("it is not among them".to_owned()))?;
        let mut transcoders = Vec::new();
        for method in service.methods() {
            let found: Option<MethodDescriptor> = methods.methods().find(|own| own.name() == method.name());
            let found = found.ok_or_else(|| broken(format!("{method} is not among them")))?;
            transcoders.push(Self { input: found.input(), output: found.output() });
        }
        Ok(Some(transcoders))
    }

    /// A request from JSON.
    ///
    /// # Errors
    /// INTERNAL, which says where the JSON is wrong.
    pub(crate) fn request(&self, json: &[u8]) -> Result<Bytes, Status> {
        let name = self.input.full_name();
        let failed = |error| Status::internal(format!("the JSON does not decode as {name}: {error}"));
        let mut reader = serde_json::Deserializer::from_slice(json);
        let message = DynamicMessage::deserialize(self.input.clone(), &mut reader).map_err(failed)?;
        reader.end().map_err(failed)?;
        Ok(message.encode_to_vec().into())
    }

    /// A response to JSON.
    ///
    /// # Errors
    /// INTERNAL when the message is none of the method's.
    pub(crate) fn response(&self, message: Bytes) -> Result<Bytes, Status> {
        let failed = |reason: String| {
            Status::internal(format!("{} can't be written as JSON: {reason}", self.output.full_name()))
        };
        let message = DynamicMessage::decode(self.output.clone(), message)
            .map_err(|error| failed(error.to_string()))?;
        let mut json = Vec::new();
        let mut writer = serde_json::Serializer::new(&mut json);
        message
            .serialize_with_options(&mut writer, &SerializeOptions::new())
            .map_err(|error| failed(error.to_string()))?;
        Ok(json.into())
    }
}
